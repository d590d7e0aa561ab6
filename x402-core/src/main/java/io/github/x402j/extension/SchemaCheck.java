// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Compares a value with a JSON Schema, as far as the schema says it by {@code type}, {@code const},
 * {@code enum}, {@code properties}, {@code required}, {@code additionalProperties} and {@code
 * items}. Other keywords are not looked at: a pattern of a stranger can take any time.
 */
final class SchemaCheck {
  private static final int DEEPEST = 32;

  private SchemaCheck() {}

  /** Returns what is wrong with the value, empty if nothing was found. */
  static Optional<String> problem(Map<?, ?> schema, Object value) {
    return problem(schema, value, "", DEEPEST);
  }

  /** Returns whether a schema refers to something outside itself, which is not fetched here. */
  static boolean hasExternalReference(@Nullable Object node) {
    if (node instanceof List<?> list) {
      return list.stream().anyMatch(SchemaCheck::hasExternalReference);
    }
    if (!(node instanceof Map<?, ?> object)) {
      return false;
    }
    return object.entrySet().stream()
        .anyMatch(
            member ->
                (isReference(member.getKey()) && !isLocal(member.getValue()))
                    || hasExternalReference(member.getValue()));
  }

  private static boolean isReference(Object name) {
    return name.equals("$ref") || name.equals("$id") || name.equals("$dynamicRef");
  }

  private static boolean isLocal(@Nullable Object reference) {
    return reference instanceof String text && text.startsWith("#");
  }

  private static Optional<String> problem(Map<?, ?> schema, Object value, String path, int depth) {
    if (depth == 0) {
      return Optional.of(path + ": too deep");
    }
    Object type = schema.get("type");
    if (type != null && !isOfType(type, value)) {
      return Optional.of(path + ": expected " + type);
    }
    if (schema.containsKey("const") && !value.equals(schema.get("const"))) {
      return Optional.of(path + ": is not the constant of its schema");
    }
    if (schema.get("enum") instanceof List<?> values && !values.contains(value)) {
      return Optional.of(path + ": is none of the values of its schema");
    }
    if (value instanceof Map<?, ?> object) {
      return objectProblem(schema, object, path, depth);
    }
    if (value instanceof List<?> list && schema.get("items") instanceof Map<?, ?> items) {
      return list.stream()
          .flatMap(each -> problem(items, each, path + "[]", depth - 1).stream())
          .findFirst();
    }
    return Optional.empty();
  }

  private static Optional<String> objectProblem(
      Map<?, ?> schema, Map<?, ?> object, String path, int depth) {
    if (schema.get("required") instanceof List<?> required) {
      for (Object name : required) {
        if (!object.containsKey(name)) {
          return Optional.of(path + ": must have required property '" + name + "'");
        }
      }
    }
    Map<?, ?> properties =
        schema.get("properties") instanceof Map<?, ?> declared ? declared : Map.of();
    for (Map.Entry<?, ?> member : object.entrySet()) {
      Object declared =
          properties.containsKey(member.getKey())
              ? properties.get(member.getKey())
              : schema.get("additionalProperties");
      String memberPath = path + "/" + member.getKey();
      if (Boolean.FALSE.equals(declared)) {
        return Optional.of(memberPath + ": is not declared");
      }
      if (declared instanceof Map<?, ?> memberSchema) {
        Optional<String> problem = problem(memberSchema, member.getValue(), memberPath, depth - 1);
        if (problem.isPresent()) {
          return problem;
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isOfType(Object type, Object value) {
    if (type instanceof List<?> several) {
      return several.stream().anyMatch(each -> isOfType(each, value));
    }
    return switch (String.valueOf(type)) {
      case "object" -> value instanceof Map;
      case "array" -> value instanceof List;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "number" -> value instanceof Number;
      case "integer" -> isWhole(value);
      default -> false;
    };
  }

  private static boolean isWhole(Object value) {
    return value instanceof Long
        || value instanceof Integer
        || value instanceof BigInteger
        || (value instanceof BigDecimal number && number.stripTrailingZeros().scale() <= 0);
  }
}
