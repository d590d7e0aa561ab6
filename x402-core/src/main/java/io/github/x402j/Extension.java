// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a seller announces under the name of a protocol extension (specification 5.1.2): {@code
 * info}, which the payer returns, the {@code schema} of it, and what the extension has besides.
 * Immutable.
 *
 * @param info what is announced. JSON as JDK types
 * @param schema the JSON Schema (draft 2020-12) of an {@code info} as the payer may return it. JSON
 *     as JDK types
 * @param others further members by name. JSON as JDK types
 */
public record Extension(
    Map<String, Object> info, Map<String, Object> schema, Map<String, Object> others) {
  /** The value of {@code $schema} in a {@link #schema}. */
  public static final String DRAFT = "https://json-schema.org/draft/2020-12/schema";

  static final String INFO = "info";
  static final String SCHEMA = "schema";

  /** Copies the objects. */
  public Extension {
    if (others.containsKey(INFO) || others.containsKey(SCHEMA)) {
      throw new IllegalArgumentException("others: expected no info and no schema");
    }
    info = JsonValues.copyOf(info);
    schema = JsonValues.copyOf(schema);
    others = JsonValues.copyOf(others);
  }

  /** Returns an extension that has nothing besides. */
  public static Extension of(Map<String, Object> info, Map<String, Object> schema) {
    return new Extension(info, schema, Map.of());
  }

  /** Returns this extension with one more member beside {@code info} and {@code schema}. */
  public Extension with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(others);
    more.put(name, value);
    return new Extension(info, schema, more);
  }

  /** Returns the entry of the descriptor's {@code extensions}, as JSON in JDK types. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(INFO, info);
    map.putAll(others);
    map.put(SCHEMA, schema);
    return map;
  }
}
