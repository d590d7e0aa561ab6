// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import java.util.Map;
import java.util.Optional;

/**
 * The JSON of this package, which is strict: a member that occurs twice and text after the end are
 * errors.
 */
final class McpJson {
  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION) // it is logged, and secret
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(64).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Writes members in one order, for texts that are compared. */
  private static final JsonMapper SORTED =
      MAPPER.rebuild().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private McpJson() {}

  /** Returns the mapper for the SDK, which parses messages before the payment is read. */
  static McpJsonMapper forSdk() {
    return new JacksonMcpJsonMapper(MAPPER);
  }

  /**
   * Returns the value as JSON text.
   *
   * @throws IllegalArgumentException if JSON cannot express it
   */
  static String text(Object value) {
    return write(MAPPER, value);
  }

  /** Returns the value as JSON text that is the same for equal values. */
  static String sortedText(Object value) {
    return write(SORTED, value);
  }

  private static String write(JsonMapper mapper, Object value) {
    try {
      return mapper.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("cannot be written as JSON: " + value.getClass(), e);
    }
  }

  /** Returns the JSON object in the text, empty if it is something else. */
  static Optional<Map<String, Object>> object(String text) {
    try {
      return Optional.ofNullable(MAPPER.readValue(text, OBJECT));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
