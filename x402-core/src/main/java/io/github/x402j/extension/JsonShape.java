// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Schemas of examples and of Java types, and examples of schemas. */
final class JsonShape {
  private static final int DEEPEST = 4;
  private static final Set<Class<?>> WHOLE =
      Set.of(
          int.class,
          long.class,
          short.class,
          byte.class,
          Integer.class,
          Long.class,
          Short.class,
          Byte.class,
          BigInteger.class);
  private static final Set<Class<?>> NUMBERS =
      Set.of(float.class, double.class, Float.class, Double.class, BigDecimal.class);

  private JsonShape() {}

  /** Returns the schema that an example shows. */
  static Map<String, Object> schemaOf(@Nullable Object example) {
    if (example instanceof Map<?, ?> object) {
      Map<String, Object> properties = new LinkedHashMap<>();
      object.forEach((name, value) -> properties.put(String.valueOf(name), schemaOf(value)));
      return typed("object", "properties", properties);
    }
    if (example instanceof List<?> list) {
      return list.isEmpty() ? typed("array") : typed("array", "items", schemaOf(list.get(0)));
    }
    return example == null ? Map.of() : ofClass(example.getClass(), DEEPEST);
  }

  /** Returns a value of the schema: the example in it, or one such as API documents show. */
  static Object exampleOf(Map<String, ?> schema) {
    Object own = schema.get("example");
    if (own != null) {
      return own;
    }
    if (schema.get("enum") instanceof List<?> values && !values.isEmpty()) {
      return values.get(0);
    }
    return switch (String.valueOf(schema.get("type"))) {
      case "integer", "number" -> 0L;
      case "boolean" -> true;
      case "array" -> List.of();
      case "object" -> objectOf(schema);
      default -> "string";
    };
  }

  private static Map<String, Object> objectOf(Map<String, ?> schema) {
    Map<String, Object> object = new LinkedHashMap<>();
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach(
          (name, property) -> {
            if (property instanceof Map<?, ?> declared) {
              object.put(String.valueOf(name), exampleOf(named(declared)));
            }
          });
    }
    return object;
  }

  private static Map<String, Object> named(Map<?, ?> object) {
    Map<String, Object> copy = new LinkedHashMap<>();
    object.forEach((name, value) -> copy.put(String.valueOf(name), value));
    return copy;
  }

  /** Returns the schema of values of a Java type. */
  static Map<String, Object> ofType(Type type) {
    return ofType(type, DEEPEST);
  }

  private static Map<String, Object> ofType(Type type, int depth) {
    if (type instanceof Class<?> plain) {
      return ofClass(plain, depth);
    }
    if (type instanceof GenericArrayType array) {
      return typed("array", "items", ofType(array.getGenericComponentType(), depth - 1));
    }
    if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
      Type[] arguments = generic.getActualTypeArguments();
      if (raw == Optional.class) {
        return ofType(arguments[0], depth);
      }
      return Collection.class.isAssignableFrom(raw) && arguments.length == 1 && depth > 0
          ? typed("array", "items", ofType(arguments[0], depth - 1))
          : ofClass(raw, depth);
    }
    return Map.of();
  }

  private static Map<String, Object> ofClass(Class<?> type, int depth) {
    if (type.isEnum()) {
      List<String> names =
          Arrays.stream(type.getEnumConstants()).map(each -> ((Enum<?>) each).name()).toList();
      return typed("string", "enum", names);
    }
    if (type == Instant.class || type == OffsetDateTime.class || type == ZonedDateTime.class) {
      return typed("string", "format", "date-time");
    }
    if (type == LocalDate.class) {
      return typed("string", "format", "date");
    }
    if (type == UUID.class) {
      return typed("string", "format", "uuid");
    }
    if (CharSequence.class.isAssignableFrom(type) || type == char.class || isText(type)) {
      return typed("string");
    }
    if (WHOLE.contains(type)) {
      return typed("integer");
    }
    if (NUMBERS.contains(type)) {
      return typed("number");
    }
    if (type == boolean.class || type == Boolean.class) {
      return typed("boolean");
    }
    if (type.isArray() && type != byte[].class) {
      return typed("array", "items", ofType(type.getComponentType(), depth - 1));
    }
    if (Collection.class.isAssignableFrom(type)) {
      return typed("array");
    }
    return type.isRecord() && depth > 0 ? ofRecord(type, depth) : typed("object");
  }

  private static boolean isText(Class<?> type) {
    return type == java.net.URI.class || type == java.net.URL.class || type == Character.class;
  }

  private static Map<String, Object> ofRecord(Class<?> type, int depth) {
    Map<String, Object> properties = new LinkedHashMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      properties.put(component.getName(), ofType(component.getGenericType(), depth - 1));
    }
    return typed("object", "properties", properties);
  }

  private static Map<String, Object> typed(String type) {
    return new LinkedHashMap<>(Map.of("type", type));
  }

  private static Map<String, Object> typed(String type, String name, Object value) {
    Map<String, Object> schema = typed(type);
    schema.put(name, value);
    return schema;
  }
}
