// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.swagger.v3.oas.annotations.Parameter;
import java.util.Map;
import org.springframework.core.MethodParameter;

/** What springdoc's annotation says of a parameter; of its own, as its jar may not be there. */
final class DocumentedParameter {
  private DocumentedParameter() {}

  /** Adds it to a schema. */
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
