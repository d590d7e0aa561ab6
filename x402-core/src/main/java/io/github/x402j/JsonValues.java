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
  private static final int MAX_SCALE = 100;

  private JsonValues() {}

  static Map<String, Object> copyOf(Map<String, ?> object) {
    return copyOf(object, false);
  }

  /** The same for an object of the other side's, in which a member may be null. */
  static Map<String, Object> copyOfReceived(Map<String, ?> object) {
    return copyOf(object, true);
  }

  @SuppressWarnings("unchecked") // a copy of a map is a map
  private static Map<String, Object> copyOf(Map<String, ?> object, boolean takesNull) {
    return (Map<String, Object>) immutable(object, "", takesNull);
  }

  @SuppressWarnings("NullAway") // where null is taken
  private static Object immutable(@Nullable Object value, String path, boolean takesNull) {
    if (value == null && takesNull) {
      return null;
    }
    if (value instanceof Map<?, ?> object) {
      Map<String, Object> copy = new LinkedHashMap<>();
      object.forEach(
          (name, member) ->
              copy.put((String) name, immutable(member, path + "/" + name, takesNull)));
      return Collections.unmodifiableMap(copy);
    }
    if (value instanceof List<?> array) {
      List<Object> copy = new ArrayList<>();
      array.forEach(element -> copy.add(immutable(element, path + "[]", takesNull)));
      return Collections.unmodifiableList(copy);
    }
    if (value instanceof String || value instanceof Boolean || value instanceof Long) {
      return value;
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof BigInteger number) {
      return oneType(number);
    }
    if (value instanceof BigDecimal number) {
      return oneType(number);
    }
    throw new IllegalArgumentException(
        path
            + ": expected a JSON value as a JDK type (Map, List, String, Boolean, Long,"
            + " BigInteger, BigDecimal)");
  }

  /** One type for each number, or equality would depend on which one its maker chose. */
  private static Object oneType(BigInteger number) {
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  /**
   * {@code 5.0}, {@code 5} and {@code 0.5e1} are one number, and the text that a client sends back
   * need not be the one that it got. A large exponent is left alone: written out it would be long.
   */
  private static Object oneType(BigDecimal number) {
    if (Math.abs((long) number.scale()) > MAX_SCALE) {
      return number;
    }
    BigDecimal stripped = number.stripTrailingZeros();
    return stripped.scale() <= 0 ? oneType(stripped.toBigIntegerExact()) : stripped;
  }
}
