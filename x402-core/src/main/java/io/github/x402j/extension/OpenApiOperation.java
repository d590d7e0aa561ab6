// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.extension.Discoverable.Body;
import io.github.x402j.extension.Discoverable.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A declaration in the words of OpenAPI 3.1: parameters, body and answer of an operation. */
final class OpenApiOperation {
  private OpenApiOperation() {}

  /**
   * Returns the operation.
   *
   * @param pathNames the names of the path
   * @param mimeType of the answer, null if it is not known
   */
  static Map<String, Object> of(
      Discoverable declared, List<String> pathNames, @Nullable String mimeType) {
    List<Object> parameters = new ArrayList<>();
    pathNames.forEach(
        name ->
            parameters.add(
                parameter(name, "path", declared.path.getOrDefault(name, Discoverable.TEXT))));
    declared.query.forEach((name, each) -> parameters.add(parameter(name, "query", each)));
    declared.headers.forEach((name, each) -> parameters.add(parameter(name, "header", each)));
    Map<String, Object> operation = new LinkedHashMap<>();
    if (!parameters.isEmpty()) {
      operation.put("parameters", parameters);
    }
    if (declared.body != null) {
      operation.put("requestBody", body(declared.body));
    }
    operation.put("responses", responses(declared.output, mimeType));
    return operation;
  }

  private static Map<String, Object> parameter(String name, String in, Parameter declared) {
    Map<String, Object> parameter = new LinkedHashMap<>();
    parameter.put("name", name);
    parameter.put("in", in);
    parameter.put("required", declared.required());
    parameter.put("schema", declared.schema());
    if (declared.example() != null) {
      parameter.put("example", declared.example());
    }
    return parameter;
  }

  private static Map<String, Object> body(Body declared) {
    String type =
        switch (declared.type()) {
          case "json" -> "application/json";
          case "form-data" -> "application/x-www-form-urlencoded";
          default -> "text/plain";
        };
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("required", true);
    body.put("content", content(type, declared.schema(), declared.example()));
    return body;
  }

  private static Map<String, Object> responses(
      @Nullable Parameter output, @Nullable String mimeType) {
    Map<String, Object> paid = new LinkedHashMap<>();
    paid.put("description", "What was paid for");
    if (output != null) {
      String usual =
          "string".equals(output.schema().get("type")) ? "text/plain" : "application/json";
      paid.put(
          "content",
          content(Objects.requireNonNullElse(mimeType, usual), output.schema(), output.example()));
    } else if (mimeType != null) {
      paid.put("content", Map.of(mimeType, Map.of()));
    }
    return new LinkedHashMap<>(Map.of("200", paid));
  }

  private static Map<String, Object> content(
      String type, Map<String, Object> schema, @Nullable Object example) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("schema", schema);
    if (example != null) {
      content.put("example", example);
    }
    return Map.of(type, content);
  }
}
