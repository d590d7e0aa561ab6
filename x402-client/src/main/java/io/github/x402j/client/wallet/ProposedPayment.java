// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A payment that is being decided on. Nothing is signed yet. Immutable.
 *
 * @param agent the agent whose wallet would pay
 * @param request the request that is to be paid for
 * @param offer what the seller asks for
 */
public record ProposedPayment(String agent, RequestToPay request, Offer offer) {

  /** Returns the journal's name for the request. */
  public String requestId() {
    return request.id();
  }

  /** Returns the method of the request. */
  public String method() {
    return request.method();
  }

  /** Returns the URL of the request with its query, which may hold secrets of the caller. */
  public URI url() {
    return request.url();
  }

  /** Returns the price. One token counts as one dollar. */
  public Dollars price() {
    return Dollars.of(offer.amount(), offer.token());
  }

  /**
   * Returns the host that asks, in lower case.
   *
   * @throws IllegalArgumentException if the URL is not an absolute HTTP URL with a host
   */
  public String host() {
    return hostOf(url())
        .orElseThrow(() -> new IllegalArgumentException("url: expected an HTTP URL with a host"));
  }

  /** Returns the host in lower case, empty if the URL is not an absolute HTTP URL with a host. */
  static Optional<String> hostOf(URI url) {
    return Optional.ofNullable(url.getHost())
        .filter(host -> isHttp(url.getScheme()))
        .map(host -> host.toLowerCase(Locale.ROOT));
  }

  /**
   * Returns the name of what is asked for, if the URL does not name it, such as a tool of the
   * server at the URL.
   */
  public Optional<String> resource() {
    return Optional.of(offer.descriptor().resource().url()).filter(ProposedPayment::isNoHttpUrl);
  }

  private static boolean isNoHttpUrl(String name) {
    try {
      String scheme = new URI(name).getScheme();
      return scheme != null && !isHttp(scheme);
    } catch (URISyntaxException e) {
      return true;
    }
  }

  private static boolean isHttp(@Nullable String scheme) {
    return "https".equalsIgnoreCase(scheme) || "http".equalsIgnoreCase(scheme);
  }

  /** Returns the URL's path without its query. */
  String path() {
    String path = url().getRawPath();
    return path == null || path.isEmpty() ? "/" : path;
  }

  /** Does not show the query. */
  @Override
  public String toString() {
    return String.format("%s for %s %s%s by %s", offer, method(), host(), path(), agent);
  }
}
