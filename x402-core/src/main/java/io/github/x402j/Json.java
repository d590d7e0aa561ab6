// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads JSON as strictly as money wants it: no duplicate member, nothing after the value, no
 * coercion between types, bounded depth and size. The only class of the package that sees Jackson
 * besides the codec.
 */
final class Json {
  /**
   * A descriptor may hold JSON schemas, which are deeper than what they describe, and a payment
   * returns them.
   */
  private static final int MAX_DEPTH = 64;

  /** How much deeper a message may be that holds such ones as a member, or in a list. */
  private static final int ENVELOPE_DEPTH = 2;

  private static final JsonMapper MAPPER = mapper(MAX_DEPTH);
  private static final JsonMapper ENVELOPE_MAPPER = mapper(MAX_DEPTH + ENVELOPE_DEPTH);

  private static final TypeReference<LinkedHashMap<String, Object>> MAP = new TypeReference<>() {};

  private Json() {}

  private static JsonMapper mapper(int maxDepth) {
    return JsonMapper.builder(
            JsonFactory.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .streamReadConstraints(
                    StreamReadConstraints.builder()
                        .maxNestingDepth(maxDepth)
                        .maxNumberLength(100)
                        .build())
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .build();
  }

  /** Returns the object that the text is. */
  static JsonNode parseObject(String text) throws MalformedPaymentException {
    return parseObject(MAPPER, text);
  }

  /** Does the same for a message that holds others, each of which may be as deep as allowed. */
  static JsonNode parseEnvelope(String text) throws MalformedPaymentException {
    return parseObject(ENVELOPE_MAPPER, text);
  }

  private static JsonNode parseObject(JsonMapper mapper, String text)
      throws MalformedPaymentException {
    JsonNode node;
    try {
      node = mapper.readTree(text);
    } catch (JsonProcessingException | NumberFormatException | ArithmeticException e) {
      // Jackson's message repeats the input; of an exponent that is too large it lets the number's
      // own exception through.
      throw new MalformedPaymentException("not a JSON text that can be read strictly");
    }
    if (!node.isObject()) {
      throw new MalformedPaymentException("expected a JSON object, found " + kind(node));
    }
    if (!isWellFormed(node)) {
      throw new MalformedPaymentException("a text holds half a surrogate pair");
    }
    return node;
  }

  /** Returns whether all texts and names are Unicode; an escape can spell what is not. */
  private static boolean isWellFormed(JsonNode node) {
    if (node.isTextual()) {
      return UnicodeText.isWellFormed(node.textValue());
    }
    for (Map.Entry<String, JsonNode> member : node.properties()) {
      if (!UnicodeText.isWellFormed(member.getKey())) {
        return false;
      }
    }
    for (JsonNode child : node) {
      if (!isWellFormed(child)) {
        return false;
      }
    }
    return true;
  }

  static ObjectNode newObject() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Returns the JSON text.
   *
   * @throws IllegalArgumentException if a text in it cannot be written as UTF-8
   */
  static String write(JsonNode node) {
    return UnicodeText.requireWellFormed("message", node.toString());
  }

  static JsonNode required(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    JsonNode member = object.get(name);
    if (member == null || member.isNull()) {
      throw new MalformedPaymentException(path + name + ": missing");
    }
    return member;
  }

  static String string(JsonNode object, String path, String name) throws MalformedPaymentException {
    JsonNode member = required(object, path, name);
    if (!member.isTextual()) {
      throw wrongType(path + name, "a string", member);
    }
    return member.textValue();
  }

  static Optional<String> optionalString(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    return isAbsent(object, name) ? Optional.empty() : Optional.of(string(object, path, name));
  }

  static long wholeNumber(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    JsonNode member = required(object, path, name);
    if (!member.isIntegralNumber() || !member.canConvertToLong()) {
      throw wrongType(path + name, "a whole number", member);
    }
    return member.longValue();
  }

  static boolean bool(JsonNode object, String path, String name) throws MalformedPaymentException {
    JsonNode member = required(object, path, name);
    if (!member.isBoolean()) {
      throw wrongType(path + name, "true or false", member);
    }
    return member.booleanValue();
  }

  static JsonNode object(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    JsonNode member = required(object, path, name);
    if (!member.isObject()) {
      throw wrongType(path + name, "an object", member);
    }
    return member;
  }

  static JsonNode array(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    JsonNode member = required(object, path, name);
    if (!member.isArray()) {
      throw wrongType(path + name, "an array", member);
    }
    return member;
  }

  static boolean isAbsent(JsonNode object, String name) {
    JsonNode member = object.get(name);
    return member == null || member.isNull();
  }

  /** Returns the member as JDK types, empty if it is absent; null members inside are dropped. */
  static Map<String, Object> optionalMap(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    return isAbsent(object, name) ? Map.of() : toMap(object(object, path, name), path + name);
  }

  /**
   * Returns the member as JDK types, empty if it is absent; null members inside are kept, so that
   * it can be sent back as it came.
   */
  static Map<String, Object> optionalMapWithNulls(JsonNode object, String path, String name)
      throws MalformedPaymentException {
    if (isAbsent(object, name)) {
      return Map.of();
    }
    JsonNode member = object(object, path, name);
    return JsonValues.copyOfReceived(MAPPER.convertValue(member, MAP));
  }

  static Map<String, Object> toMap(JsonNode object, String path) throws MalformedPaymentException {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> member : object.properties()) {
      if (!member.getValue().isNull()) {
        map.put(member.getKey(), toJdk(member.getValue(), path));
      }
    }
    return Collections.unmodifiableMap(map);
  }

  private static Object toJdk(JsonNode node, String path) throws MalformedPaymentException {
    if (node.isObject()) {
      return toMap(node, path);
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      for (JsonNode element : node) {
        list.add(toJdk(element, path));
      }
      return Collections.unmodifiableList(list);
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isIntegralNumber()) {
      return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
    }
    if (node.isNumber()) {
      return node.decimalValue();
    }
    throw new MalformedPaymentException(path + ": null where a value was expected");
  }

  static JsonNode fromJdk(Object value) {
    return MAPPER.valueToTree(value);
  }

  private static MalformedPaymentException wrongType(String path, String expected, JsonNode found) {
    return new MalformedPaymentException(
        path + ": expected " + expected + ", found " + kind(found));
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT, POJO -> "an object";
      case ARRAY -> "an array";
      case STRING, BINARY -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      case MISSING -> "nothing";
    };
  }
}
