// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A resource that can be bought, as a facilitator lists it (specification 8). All of it is what
 * sellers and payers have said: only the 402 of the resource itself counts.
 *
 * @param resource what is sold. Its URL has no query, and may have names in its path: {@code
 *     /users/:id}
 * @param type {@code http} or {@code mcp}
 * @param x402Version the version that it is sold in
 * @param accepts the ways to pay that can be read here
 * @param otherWaysToPay scheme and network of those that cannot
 * @param lastUpdated when it was last sold, as far as the facilitator says
 * @param extensions of its descriptor by name; {@code bazaar} says how it is called. JSON as JDK
 *     types, immutable
 */
public record DiscoveredResource(
    ResourceInfo resource,
    String type,
    int x402Version,
    List<PaymentRequirements> accepts,
    List<String> otherWaysToPay,
    Instant lastUpdated,
    Map<String, Object> extensions) {
  private static final String BAZAAR = "bazaar";

  /** Copies the collections. */
  public DiscoveredResource {
    accepts = List.copyOf(accepts);
    otherWaysToPay = List.copyOf(otherWaysToPay);
    extensions = JsonValues.copyOf(extensions);
  }

  /** Returns what the resource takes, as {@code bazaar} says it: {@code info.input}; or nothing. */
  public Map<String, Object> input() {
    return member(member(member(extensions, BAZAAR), "info"), "input");
  }

  /** Returns what the resource answers, as {@code bazaar} says it: {@code info.output}. */
  public Map<String, Object> output() {
    return member(member(member(extensions, BAZAAR), "info"), "output");
  }

  /** Returns the JSON Schema of what it takes and answers, as {@code bazaar} says it. */
  public Map<String, Object> schema() {
    return member(member(extensions, BAZAAR), "schema");
  }

  @SuppressWarnings("unchecked") // the members of JSON objects have names
  private static Map<String, Object> member(Map<String, Object> object, String name) {
    return object.get(name) instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
  }

  /** Returns the HTTP method, or the name of the MCP tool; empty if it is not said. */
  public Optional<String> operation() {
    return input().get(type.equals("mcp") ? "toolName" : "method") instanceof String text
        ? Optional.of(text)
        : Optional.empty();
  }

  /** Returns what makes it one resource of a list: what is called, where, and who is paid. */
  public String key() {
    return Stream.of(type, operation().orElse(""), resource.url(), recipient())
        .collect(Collectors.joining(" "));
  }

  private String recipient() {
    return accepts.isEmpty() ? "" : accepts.get(0).payTo().text();
  }

  /** Returns the text that words are looked for in, in lower case. */
  public String searchText() {
    return Stream.concat(
            Stream.of(
                resource.url(),
                text(resource.description()),
                text(resource.serviceName()),
                operation().orElse("")),
            resource.tags().stream())
        .collect(Collectors.joining(" "))
        .toLowerCase(Locale.ROOT);
  }

  private static String text(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** Returns this resource with other ways to pay, and the time of the last sale. */
  public DiscoveredResource with(List<PaymentRequirements> ways, Instant updated) {
    return new DiscoveredResource(
        resource, type, x402Version, ways, otherWaysToPay, updated, extensions);
  }
}
