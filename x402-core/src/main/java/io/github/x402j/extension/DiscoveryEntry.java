// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code bazaar} that somebody else wrote, checked: a known kind of endpoint, a schema
 * that stands by itself, and an {@code info} that is as the schema says.
 *
 * @param info what it says of the endpoint
 * @param schema the JSON Schema of {@code info}
 * @param routeTemplate of its paths, or null; one that is not well formed counts as absent
 */
public record DiscoveryEntry(
    Map<String, Object> info, Map<String, Object> schema, @Nullable String routeTemplate) {
  private static final Set<String> QUERY_METHODS = Set.of("GET", "HEAD", "DELETE");
  private static final Set<String> BODY_METHODS = Set.of("POST", "PUT", "PATCH");
  private static final Set<String> BODY_TYPES = Set.of("json", "form-data", "text");
  private static final Set<String> TRANSPORTS = Set.of("streamable-http", "sse");
  private static final int LONGEST_TOOL_NAME = 128;

  /**
   * Returns the entry.
   *
   * @param entry JSON as JDK types, or null
   * @throws IllegalArgumentException if it is none; the message says why and repeats no value of it
   */
  public static DiscoveryEntry of(@Nullable Object entry) {
    Map<String, Object> read = object("entry", entry);
    Map<String, Object> info = object("info", read.get("info"));
    Map<String, Object> schema = object("schema", read.get("schema"));
    Map<String, Object> input = object("info.input", info.get("input"));
    switch (text("info.input.type", input.get("type"))) {
      case "http" -> requireHttp(input);
      case "mcp" -> requireMcp(input);
      default -> throw wrong("info.input.type: expected http or mcp");
    }
    if (SchemaCheck.hasExternalReference(schema)) {
      throw wrong("schema: refers to something outside itself");
    }
    Optional<String> problem = SchemaCheck.problem(schema, info);
    if (problem.isPresent()) {
      throw wrong("info: is not as its schema says");
    }
    String template =
        read.get("routeTemplate") instanceof String given && RouteTemplate.isValid(given)
            ? given
            : null;
    return new DiscoveryEntry(info, schema, template);
  }

  private static void requireHttp(Map<String, Object> input) {
    String method = text("info.input.method", input.get("method"));
    Object bodyType = input.get("bodyType");
    if (bodyType == null
        ? !QUERY_METHODS.contains(method) && !BODY_METHODS.contains(method)
        : !BODY_METHODS.contains(method)) {
      throw wrong("info.input.method: expected GET, HEAD, DELETE, or POST, PUT, PATCH with a body");
    }
    if (bodyType != null && !BODY_TYPES.contains(bodyType)) {
      throw wrong("info.input.bodyType: expected json, form-data or text");
    }
  }

  private static void requireMcp(Map<String, Object> input) {
    String tool = text("info.input.toolName", input.get("toolName"));
    if (!tool.matches("[\\x21-\\x7e]{1," + LONGEST_TOOL_NAME + "}")) {
      throw wrong("info.input.toolName: expected a name of printable ASCII");
    }
    object("info.input.inputSchema", input.get("inputSchema"));
    Object transport = input.get("transport");
    if (transport != null && !TRANSPORTS.contains(transport)) {
      throw wrong("info.input.transport: expected streamable-http or sse");
    }
  }

  /** Returns {@code http} or {@code mcp}. */
  public String type() {
    return String.valueOf(input().get("type"));
  }

  /** Returns the HTTP method, or the name of the tool. */
  public String operation() {
    return String.valueOf(input().get(type().equals("http") ? "method" : "toolName"));
  }

  private Map<String, Object> input() {
    return object("info.input", info.get("input"));
  }

  /** Returns the entry without the members that nothing here reads. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("info", info);
    map.put("schema", schema);
    if (routeTemplate != null) {
      map.put("routeTemplate", routeTemplate);
    }
    return map;
  }

  private static Map<String, Object> object(String name, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> object)) {
      throw wrong(name + ": expected an object");
    }
    Map<String, Object> copy = new LinkedHashMap<>();
    object.forEach((key, member) -> copy.put(String.valueOf(key), member));
    return copy;
  }

  private static String text(String name, @Nullable Object value) {
    if (!(value instanceof String text)) {
      throw wrong(name + ": expected a text");
    }
    return text;
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(what);
  }
}
