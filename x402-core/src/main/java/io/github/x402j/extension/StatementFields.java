// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.math.BigInteger;
import java.time.Instant;
import java.util.Map;

/** The members of a signed statement, read as strictly as they are signed. */
final class StatementFields {
  static final long VERSION = 1;

  private static final long MAX_SECONDS = 253_402_300_799L; // the end of the year 9999

  private StatementFields() {}

  static void requireVersion(Map<String, Object> fields) {
    if (number(fields, "version") != VERSION) {
      throw new IllegalArgumentException("version: expected " + VERSION);
    }
  }

  static String text(Map<String, Object> fields, String name) {
    if (fields.get(name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw new IllegalArgumentException(name + ": expected text");
  }

  static String textOrEmpty(Map<String, Object> fields, String name) {
    return fields.containsKey(name) && !"".equals(fields.get(name)) ? text(fields, name) : "";
  }

  static long number(Map<String, Object> fields, String name) {
    Object value = fields.get(name);
    if (value instanceof Long || value instanceof Integer || value instanceof BigInteger) {
      BigInteger number = new BigInteger(value.toString());
      if (number.signum() >= 0 && number.bitLength() < Long.SIZE) {
        return number.longValue();
      }
    }
    throw new IllegalArgumentException(name + ": expected a whole number");
  }

  static Instant seconds(Map<String, Object> fields, String name) {
    long seconds = number(fields, name);
    if (seconds > MAX_SECONDS) {
      throw new IllegalArgumentException(name + ": expected seconds since 1970");
    }
    return Instant.ofEpochSecond(seconds);
  }
}
