// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as JDK types, made immutable all the way down. */
final class JsonValues {
  private JsonValues() {}

  @SuppressWarnings("unchecked") // a copy of a map is a map
  static Map<String, Object> copyOf(Map<String, ?> object) {
    return (Map<String, Object>) immutable(object, "");
  }

  private static Object immutable(@Nullable Object value, String path) {
    if (value instanceof Map<?, ?> object) {
      Map<String, Object> copy = new LinkedHashMap<>();
      object.forEach(
          (name, member) -> copy.put((String) name, immutable(member, path + "/" + name)));
      return Collections.unmodifiableMap(copy);
    }
    if (value instanceof List<?> array) {
      List<Object> copy = new ArrayList<>();
      array.forEach(element -> copy.add(immutable(element, path + "[]")));
      return Collections.unmodifiableList(copy);
    }
    if (value instanceof String
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof BigInteger
        || value instanceof BigDecimal) {
      return value;
    }
    if (value instanceof Integer number) {
      return number.longValue(); // one type for whole numbers, or equality would depend on it
    }
    throw new IllegalArgumentException(
        path
            + ": expected a JSON value as a JDK type (Map, List, String, Boolean, Long,"
            + " BigInteger, BigDecimal)");
  }
}
