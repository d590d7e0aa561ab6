// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * JSON objects as JDK types, for extensions and for protocols beside x402: read as strictly as
 * payments are, and written in the order of their members or in the one form that signatures and
 * hashes need. All methods are pure functions.
 */
public final class JsonText {
  private static final long MAX_WHOLE_NUMBER = (1L << 53) - 1;

  private JsonText() {}

  /**
   * Returns the JSON object in base64 or base64url, padded or not. Members that are null are left
   * out.
   *
   * @throws MalformedPaymentException if it is longer than a payment header may be, or not base64
   *     of a JSON object, see {@link PaymentCodec}
   */
  public static Map<String, Object> decode(String base64) throws MalformedPaymentException {
    return decode(base64, PaymentCodec.MAX_HEADER_LENGTH);
  }

  /**
   * Returns the same as {@link #decode(String)} with a cap of its own.
   *
   * @param maxLength the longest text that is read
   */
  public static Map<String, Object> decode(String base64, int maxLength)
      throws MalformedPaymentException {
    PaymentCodec.requireLength(base64, maxLength);
    return Json.toMap(Json.parseObject(PaymentCodec.text(base64)), "");
  }

  /** Returns the text of a value of JSON, with the members of objects in the order of the map. */
  public static String text(Object value) {
    return Json.write(Json.fromJdk(value));
  }

  /**
   * Returns the value of JSON that the text spells.
   *
   * @throws MalformedPaymentException if it is no JSON, or null
   */
  public static Object parse(String text) throws MalformedPaymentException {
    Map<String, Object> read = Json.toMap(Json.parseObject("{\"value\":" + text + "}"), "");
    Object value = read.get("value");
    if (value == null || read.size() > 1) {
      throw new MalformedPaymentException("expected one JSON value");
    }
    return value;
  }

  /** Returns the value of a header of x402: the {@link #text} in standard base64, padded. */
  public static String header(Map<String, Object> object) {
    return PaymentCodec.base64(text(object));
  }

  /** Returns the {@link #canonical} text in base64url without padding. */
  public static String encode(Map<String, ?> object) {
    byte[] text = canonical(object).getBytes(UTF_8);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
  }

  /**
   * Returns the canonical text (RFC 8785): members in order, no space between them.
   *
   * @param object of texts, whole numbers that a double holds exactly, booleans, lists and maps
   * @throws IllegalArgumentException if it holds anything else, or a text that is not Unicode
   */
  public static String canonical(Map<String, ?> object) {
    StringBuilder text = new StringBuilder();
    append(text, object);
    return text.toString();
  }

  private static void append(StringBuilder text, Object value) {
    if (value instanceof Map<?, ?> object) {
      String separator = "{";
      for (Map.Entry<?, ?> member : new TreeMap<>(object).entrySet()) { // by UTF-16 units
        text.append(separator);
        appendQuoted(text, (String) member.getKey());
        text.append(':');
        append(text, member.getValue());
        separator = ",";
      }
      text.append(object.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> array) {
      String separator = "[";
      for (Object element : array) {
        text.append(separator);
        append(text, element);
        separator = ",";
      }
      text.append(array.isEmpty() ? "[]" : "]");
    } else if (value instanceof String string) {
      appendQuoted(text, string);
    } else if (value instanceof Boolean || isExact(value)) {
      text.append(value);
    } else {
      throw new IllegalArgumentException("JSON: expected a text, a whole number or true or false");
    }
  }

  private static boolean isExact(Object value) {
    return (value instanceof Long || value instanceof Integer)
        && Math.abs(((Number) value).longValue()) <= MAX_WHOLE_NUMBER;
  }

  private static void appendQuoted(StringBuilder text, String string) {
    UnicodeText.requireWellFormed("JSON", string);
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\b' -> text.append("\\b");
        case '\t' -> text.append("\\t");
        case '\n' -> text.append("\\n");
        case '\f' -> text.append("\\f");
        case '\r' -> text.append("\\r");
        default -> {
          if (c < ' ') {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }
}
