// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.http.BoundedHttp;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * The origin of an HTTP URL (RFC 6454): scheme, host and port. Immutable.
 *
 * @param scheme {@code http} or {@code https}
 * @param host in lower case; an IPv6 address in brackets
 * @param port the port of the connection, never -1
 */
record Origin(String scheme, String host, int port) {
  /** Returns the origin of the URL, empty if it is not an absolute HTTP URL with a host. */
  static Optional<Origin> of(URI url) {
    if (url.getScheme() == null || url.getHost() == null) {
      return Optional.empty();
    }
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      return Optional.empty();
    }
    int standard = scheme.equals("https") ? 443 : 80;
    int port = url.getPort() == -1 ? standard : url.getPort();
    return Optional.of(new Origin(scheme, url.getHost().toLowerCase(Locale.ROOT), port));
  }

  /**
   * Returns whether the connection is safe from readers on the way: HTTPS, or a loopback address.
   * Decided by the text of the host; no name is resolved.
   */
  boolean isConfidential() {
    return scheme.equals("https") || BoundedHttp.isLoopback(host);
  }

  /**
   * Requires that a payment can be sent to the URL without being read on the way.
   *
   * @throws PaymentDeclinedException if the connection would not be {@link #isConfidential}
   */
  static void requireConfidential(URI url) throws PaymentDeclinedException {
    if (of(url).filter(Origin::isConfidential).isEmpty()) {
      throw PaymentDeclinedException.of(
          url, "confidential", "HTTPS or a loopback address", "payment over plain HTTP");
    }
  }

  /**
   * Requires that an answer comes from the origin that was asked.
   *
   * @param answering the URL that it came from, after redirects
   * @throws PaymentDeclinedException if it is of another origin
   */
  static void requireAsked(URI requested, URI answering) throws PaymentDeclinedException {
    Optional<Origin> origin = of(answering);
    if (origin.isEmpty() || !origin.equals(of(requested))) {
      throw PaymentDeclinedException.of(
          requested,
          "redirect",
          "the origin that was asked",
          "payment after a redirect by way of "
              + origin.map(Origin::toString).orElse("an unknown origin"));
    }
  }

  /**
   * Returns whether the URL of the resource has this origin.
   *
   * @param base resolves a relative URL
   */
  boolean isOriginOf(String resource, URI base) {
    return resolved(resource, base).flatMap(Origin::of).filter(this::equals).isPresent();
  }

  /**
   * Returns whether the URL of the resource has this host, and this port if it names one. The
   * scheme may differ: a seller behind a proxy that ends TLS often knows neither scheme nor port.
   *
   * @param base resolves a relative URL
   */
  boolean isHostOf(String resource, URI base) {
    return resolved(resource, base)
        .filter(url -> url.getPort() == -1 || url.getPort() == port)
        .flatMap(Origin::of)
        .filter(named -> named.host.equals(host))
        .isPresent();
  }

  private static Optional<URI> resolved(String resource, URI base) {
    try {
      return Optional.of(base.resolve(new URI(resource)));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return scheme + "://" + host + ":" + port;
  }
}
