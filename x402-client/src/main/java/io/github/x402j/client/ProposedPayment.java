// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * A payment that is being decided on. Nothing is signed yet.
 *
 * @param agent whose wallet would pay
 * @param requestId what the journal calls the request
 * @param method the method of the request
 * @param url what was requested, its query included, which may hold secrets of the caller
 * @param offer what the seller asks for
 */
public record ProposedPayment(String agent, String requestId, String method, URI url, Offer offer) {

  /** Returns the price, taking one token for one dollar. */
  public Dollars price() {
    return Dollars.of(offer.amount(), offer.token());
  }

  /** Returns the host that asks, in lower case. */
  public String host() {
    return Origin.of(url)
        .map(Origin::host)
        .orElseThrow(() -> new IllegalArgumentException("expected an HTTP URL"));
  }

  /**
   * Returns the name of what is asked for where the URL does not name it: that of a tool, say, of
   * the server at the URL.
   */
  public Optional<String> resource() {
    return Optional.of(offer.descriptor().resource().url()).filter(ProposedPayment::isNoHttpUrl);
  }

  private static boolean isNoHttpUrl(String name) {
    try {
      String scheme = new URI(name).getScheme();
      return scheme != null
          && !scheme.equalsIgnoreCase("http")
          && !scheme.equalsIgnoreCase("https");
    } catch (URISyntaxException e) {
      return true;
    }
  }

  /** Returns the URL's path without its query. */
  String path() {
    String path = url.getRawPath();
    return path == null || path.isEmpty() ? "/" : path;
  }

  /** Does not show the query. */
  @Override
  public String toString() {
    return String.format("%s for %s %s%s by %s", offer, method, host(), path(), agent);
  }
}
