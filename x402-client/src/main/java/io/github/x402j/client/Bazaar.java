// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryMessages;
import io.github.x402j.DiscoveryMessages.Listing;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Settings;
import io.github.x402j.SmallPool;
import io.github.x402j.http.BoundedHttp;
import io.github.x402j.http.BoundedHttp.NoAnswerException;
import io.github.x402j.http.Deadline;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Finds what can be bought in the lists of one or several facilitators (specification 8).
 *
 * <pre>{@code
 * Bazaar bazaar = Bazaar.at(Bazaar.CDP, "https://facilitator.example.com");
 * for (Bazaar.Offer found : bazaar.search(DiscoveryQuery.words("weather")).offers()) {
 *   HttpRequest request = found.request(Map.of("city", "SF")).build();
 *   HttpResponse<String> answer = payingHttpClient.send(request, BodyHandlers.ofString());
 * }
 * }</pre>
 *
 * <p>A list is the word of strangers. It decides nothing about a payment: what is paid, to whom and
 * whether at all, the {@link PayingHttpClient} decides on the 402 of the resource itself, within
 * the limits of its owner. Show its texts like any text of a stranger.
 *
 * <p>No answer is longer than {@value #MAX_ANSWER_BYTES} bytes, and a search ends after 15 seconds,
 * with what has come until then. No redirect is followed. Safe for use by several threads.
 */
public final class Bazaar {
  /** The list of the facilitator of Coinbase's developer platform; it needs no account. */
  public static final String CDP = "https://api.cdp.coinbase.com/platform/v2/x402";

  /** The longest answer that is read, in bytes. */
  public static final int MAX_ANSWER_BYTES = 4 * 1024 * 1024;

  private static final Duration LONGEST_SEARCH = Duration.ofSeconds(15);
  private static final Duration LONGEST_CONNECT = Duration.ofSeconds(5);
  private static final int MAX_BAZAARS = 16;

  /** How many pages are looked through of a list that cannot search. */
  private static final int MAX_PAGES = 5;

  private static final Set<Integer> CANNOT_SEARCH = Set.of(404, 405, 501);

  private final List<URI> urls;
  private final BoundedHttp http = new BoundedHttp(LONGEST_CONNECT, MAX_ANSWER_BYTES);

  private Bazaar(List<URI> urls) {
    this.urls = urls;
  }

  /**
   * Returns the lists of these facilitators.
   *
   * @param urls the URLs of facilitators, without {@code /discovery}
   * @throws IllegalArgumentException if there is none or are more than 16, or one is neither https
   *     nor of this machine
   */
  public static Bazaar at(@Nullable String... urls) {
    if (urls.length < 1 || urls.length > MAX_BAZAARS) {
      throw new IllegalArgumentException(
          "bazaar: expected 1 to " + MAX_BAZAARS + " URLs, found " + urls.length);
    }
    List<URI> all = new ArrayList<>();
    for (String url : urls) {
      URI parsed = Settings.requireUrl("bazaar", url == null ? null : url.replaceAll("/+$", ""));
      if (!BoundedHttp.isSafe(parsed)) {
        throw new IllegalArgumentException("bazaar: expected https://, or http:// on this machine");
      }
      all.add(parsed);
    }
    return new Bazaar(List.copyOf(all));
  }

  /**
   * What a search has found.
   *
   * @param offers in the order of each list, the first list first; each resource once
   * @param failures why lists gave nothing, by their URL
   */
  public record Found(List<Offer> offers, Map<URI, String> failures) {
    /** Copies the collections. */
    public Found {
      offers = List.copyOf(offers);
      failures = Map.copyOf(failures);
    }
  }

  /**
   * Returns what the lists have for the query. With words the facilitators search as they can, and
   * may know better than the words; without, they list. The other terms of the query hold for every
   * result.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public Found search(DiscoveryQuery query) throws InterruptedException {
    ThreadPoolExecutor threads = SmallPool.of("x402-bazaar", urls.size(), urls.size());
    Map<URI, CompletableFuture<List<DiscoveredResource>>> running = new LinkedHashMap<>();
    for (URI url : urls) {
      Deadline deadline = Deadline.in(LONGEST_SEARCH);
      running.put(
          url, CompletableFuture.supplyAsync(() -> resources(url, query, deadline), threads));
    }
    try {
      return collected(running);
    } finally {
      threads.shutdownNow();
    }
  }

  private static Found collected(Map<URI, CompletableFuture<List<DiscoveredResource>>> running)
      throws InterruptedException {
    Map<String, Offer> offers = new LinkedHashMap<>();
    Map<URI, String> failures = new LinkedHashMap<>();
    for (Map.Entry<URI, CompletableFuture<List<DiscoveredResource>>> each : running.entrySet()) {
      try {
        for (DiscoveredResource resource : each.getValue().get()) {
          offers.putIfAbsent(resource.key(), new Offer(resource, each.getKey()));
        }
      } catch (ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        failures.put(each.getKey(), String.valueOf(cause.getMessage()));
      }
    }
    return new Found(List.copyOf(offers.values()), failures);
  }

  private List<DiscoveredResource> resources(URI url, DiscoveryQuery query, Deadline deadline) {
    if (!query.words().isEmpty()) {
      HttpResponse<byte[]> answer = get(url, "/discovery/search", query, deadline);
      if (answer.statusCode() / 100 == 2) {
        DiscoveryQuery terms = query.withoutWords();
        return listing(answer).resources().stream().filter(terms::finds).toList();
      }
      if (!CANNOT_SEARCH.contains(answer.statusCode())) {
        throw new IllegalStateException("status " + answer.statusCode());
      }
    }
    return looked(url, query, deadline);
  }

  /** Looks through the newest pages. */
  private List<DiscoveredResource> looked(URI url, DiscoveryQuery query, Deadline deadline) {
    DiscoveryQuery page = query.withoutWords();
    if (!query.words().isEmpty()) {
      page = page.limit(DiscoveryQuery.MAX_LIMIT);
    }
    List<DiscoveredResource> found = new ArrayList<>();
    for (int i = 0; i < MAX_PAGES && found.size() < query.limit(); i++) {
      HttpResponse<byte[]> answer = get(url, "/discovery/resources", page, deadline);
      if (answer.statusCode() / 100 != 2) {
        throw new IllegalStateException("status " + answer.statusCode());
      }
      Listing listed = listing(answer);
      listed.resources().stream().filter(query::finds).forEach(found::add);
      if (query.words().isEmpty() || listed.resources().isEmpty()) {
        break;
      }
      page = page.offset(page.offset() + page.limit());
    }
    return found.stream().limit(query.limit()).toList();
  }

  private HttpResponse<byte[]> get(URI url, String path, DiscoveryQuery query, Deadline deadline) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + path + "?" + queryString(query)))
            .header("Accept", "application/json")
            .build();
    try {
      return http.send(request, deadline.atMost(LONGEST_SEARCH));
    } catch (NoAnswerException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Listing listing(HttpResponse<byte[]> answer) {
    try {
      return DiscoveryMessages.readListing(new String(answer.body(), UTF_8));
    } catch (MalformedPaymentException e) {
      throw new IllegalStateException("its answer is no list: " + e.getMessage(), e);
    }
  }

  private static String queryString(DiscoveryQuery query) {
    StringBuilder text = new StringBuilder("limit=").append(query.limit());
    add(text, "query", String.join(" ", query.words()));
    add(text, "type", query.type());
    add(text, "payTo", query.payTo());
    add(text, "scheme", query.scheme());
    add(text, "network", query.network());
    add(text, "extensions", String.join(",", query.extensions()));
    if (query.offset() > 0) {
      String name = query.words().isEmpty() ? "offset" : "cursor";
      add(text, name, String.valueOf(query.offset()));
    }
    return text.toString();
  }

  private static void add(StringBuilder text, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      text.append('&').append(name).append('=').append(URLEncoder.encode(value, UTF_8));
    }
  }

  /**
   * A resource that was found.
   *
   * @param resource what the list says of it
   * @param bazaar the facilitator whose list it is from
   */
  public record Offer(DiscoveredResource resource, URI bazaar) {
    /**
     * Returns the request for it with the examples that it is listed with.
     *
     * @throws IllegalArgumentException if it cannot be called over HTTP
     */
    public HttpRequest.Builder request() {
      return request(Map.of());
    }

    /**
     * Returns the request for it. No header of the list is set but the type of the body.
     *
     * @param values for the names of its path and its query parameters, in place of the examples
     *     that it is listed with
     * @throws IllegalArgumentException if it cannot be called over HTTP, or a name has no value
     */
    public HttpRequest.Builder request(Map<String, ?> values) {
      return ListedCall.of(resource, values).request();
    }

    /** Returns the same with a body of JSON, in place of the example that it is listed with. */
    public HttpRequest.Builder request(Map<String, ?> values, Map<String, ?> body) {
      return ListedCall.of(resource, values).withJson(body).request();
    }
  }
}
