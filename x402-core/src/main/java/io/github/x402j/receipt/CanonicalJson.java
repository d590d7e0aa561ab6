// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import java.util.Map;
import java.util.TreeMap;

/** Flat JSON objects of texts and whole numbers in the one spelling of RFC 8785. */
final class CanonicalJson {
  private CanonicalJson() {}

  static String write(Map<String, Object> members) {
    StringBuilder json = new StringBuilder("{");
    // String's order is that of UTF-16 code units, which RFC 8785 asks for.
    new TreeMap<>(members)
        .forEach(
            (name, value) -> {
              json.append(json.length() == 1 ? "" : ",");
              quote(json, name);
              json.append(':');
              if (value instanceof String text) {
                quote(json, text);
              } else if (value instanceof Long number && Math.abs(number) < 1L << 53) {
                json.append((long) number);
              } else {
                throw new IllegalArgumentException(name + ": expected text or a whole number");
              }
            });
    return json.append('}').toString();
  }

  private static void quote(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\b' -> json.append("\\b");
        case '\f' -> json.append("\\f");
        case '\n' -> json.append("\\n");
        case '\r' -> json.append("\\r");
        case '\t' -> json.append("\\t");
        default -> {
          if (c < 0x20) {
            json.append(String.format("\\u%04x", (int) c));
          } else {
            json.append(c);
          }
        }
      }
    }
    json.append('"');
  }
}
