// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import java.util.Map;
import org.springframework.core.MethodParameter;
import org.springframework.web.method.HandlerMethod;

/** What springdoc's annotations say of a handler; of its own, as their jar may not be there. */
final class DocumentedHandler {
  private DocumentedHandler() {}

  /** Returns the summary of a handler, or else its description; empty if it has neither. */
  static String summary(HandlerMethod handler) {
    Operation said = handler.getMethodAnnotation(Operation.class);
    if (said == null) {
      return "";
    }
    return (said.summary().isBlank() ? said.description() : said.summary()).strip();
  }

  /** Adds what is said of a parameter to its schema. */
  static Map<String, Object> described(Map<String, Object> schema, MethodParameter parameter) {
    Parameter said = parameter.getParameterAnnotation(Parameter.class);
    if (said != null && !said.description().isEmpty()) {
      schema.put("description", said.description());
    }
    if (said != null && !said.example().isEmpty() && "string".equals(schema.get("type"))) {
      schema.put("example", said.example());
    }
    return schema;
  }
}
