// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What to look for among the resources that a facilitator lists (specification 8).
 *
 * @param words all of which occur in the URL, the description, the name of the service or a tag; in
 *     lower case
 * @param type {@code http} or {@code mcp}, or null for both
 * @param payTo who is paid, or null
 * @param scheme of a way to pay, or null
 * @param network of a way to pay, as CAIP-2, or null
 * @param extensions that the resource has, by name
 * @param limit how many to return, 1 to 100
 * @param offset how many to leave out first
 */
public record DiscoveryQuery(
    List<String> words,
    @Nullable String type,
    @Nullable String payTo,
    @Nullable String scheme,
    @Nullable String network,
    List<String> extensions,
    int limit,
    int offset) {
  /** How many resources are returned by default: 20. */
  public static final int DEFAULT_LIMIT = 20;

  /** The most resources that are returned at once: 100. */
  public static final int MAX_LIMIT = 100;

  private static final int MAX_OFFSET = 1_000_000;
  private static final int MAX_WORDS = 10;
  private static final int LONGEST_VALUE = 256;
  private static final DiscoveryQuery EVERYTHING =
      new DiscoveryQuery(List.of(), null, null, null, null, List.of(), DEFAULT_LIMIT, 0);

  /** Checks the range, and copies the lists. */
  public DiscoveryQuery {
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException("limit: expected 1 to " + MAX_LIMIT);
    }
    if (offset < 0 || offset > MAX_OFFSET) {
      throw new IllegalArgumentException("offset: expected 0 to " + MAX_OFFSET);
    }
    words = words.stream().map(word -> word.toLowerCase(Locale.ROOT)).limit(MAX_WORDS).toList();
    extensions = List.copyOf(extensions);
  }

  /** Returns the query that finds all. */
  public static DiscoveryQuery everything() {
    return EVERYTHING;
  }

  /** Returns the query for resources in which all of these words occur. */
  public static DiscoveryQuery words(String text) {
    return EVERYTHING.withWords(text);
  }

  private DiscoveryQuery withWords(String text) {
    List<String> words =
        Arrays.stream(text.strip().split("\\s+")).filter(word -> !word.isEmpty()).toList();
    return new DiscoveryQuery(words, type, payTo, scheme, network, extensions, limit, offset);
  }

  /** Returns this query without words. */
  public DiscoveryQuery withoutWords() {
    return withWords("");
  }

  /** Returns this query for one network. */
  public DiscoveryQuery network(Network wanted) {
    return new DiscoveryQuery(
        words, type, payTo, scheme, wanted.caip2(), extensions, limit, offset);
  }

  /** Returns this query for one kind of resource: {@code http} or {@code mcp}. */
  public DiscoveryQuery type(@Nullable String wanted) {
    return new DiscoveryQuery(words, wanted, payTo, scheme, network, extensions, limit, offset);
  }

  /** Returns this query for one recipient. */
  public DiscoveryQuery payTo(@Nullable String wanted) {
    return new DiscoveryQuery(words, type, wanted, scheme, network, extensions, limit, offset);
  }

  /** Returns this query for another number of resources, 1 to 100. */
  public DiscoveryQuery limit(int most) {
    return new DiscoveryQuery(words, type, payTo, scheme, network, extensions, most, offset);
  }

  /** Returns this query for what comes after the first ones. */
  public DiscoveryQuery offset(int first) {
    return new DiscoveryQuery(words, type, payTo, scheme, network, extensions, limit, first);
  }

  /**
   * Returns the query that a request makes.
   *
   * @param parameters of its query string, decoded
   * @throws IllegalArgumentException if one is not as it should be; the message names it
   */
  public static DiscoveryQuery of(Map<String, String> parameters) {
    String cursor = parameters.get("cursor");
    String names = text(parameters, "extensions");
    return new DiscoveryQuery(
            List.of(),
            text(parameters, "type"),
            text(parameters, "payTo"),
            text(parameters, "scheme"),
            text(parameters, "network"),
            names == null ? List.of() : Arrays.stream(names.split(",")).map(String::strip).toList(),
            number(parameters, "limit", DEFAULT_LIMIT),
            number(parameters, cursor == null ? "offset" : "cursor", 0))
        .withWords(Objects.requireNonNullElse(text(parameters, "query"), ""));
  }

  private static @Nullable String text(Map<String, String> parameters, String name) {
    String value = parameters.get(name);
    if (value != null && value.length() > LONGEST_VALUE) {
      throw new IllegalArgumentException(
          name + ": expected at most " + LONGEST_VALUE + " characters");
    }
    return value == null || value.isBlank() ? null : value.strip();
  }

  private static int number(Map<String, String> parameters, String name, int otherwise) {
    String value = parameters.get(name);
    if (value == null || value.isEmpty()) {
      return otherwise;
    }
    if (!value.matches("[0-9]{1,7}")) {
      throw new IllegalArgumentException(name + ": expected a whole number");
    }
    return Integer.parseInt(value);
  }

  /** Returns whether a resource is one that is looked for, wherever it stands among them. */
  public boolean finds(DiscoveredResource resource) {
    String text = resource.searchText();
    return words.stream().allMatch(text::contains)
        && (type == null || type.equals(resource.type()))
        && resource.extensions().keySet().containsAll(extensions)
        && ((payTo == null && scheme == null && network == null)
            || resource.accepts().stream().anyMatch(this::isWanted));
  }

  private boolean isWanted(PaymentRequirements option) {
    return (payTo == null || payTo.equalsIgnoreCase(option.payTo().text()))
        && (scheme == null || scheme.equals(option.scheme()))
        && (network == null || network.equals(option.network().caip2()));
  }
}
