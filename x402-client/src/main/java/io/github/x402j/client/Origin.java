// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Scheme, host and port of an HTTP URL (RFC 6454), which is whom a client talks to.
 *
 * @param scheme {@code http} or {@code https}
 * @param host in lower case; an IPv6 address in brackets
 * @param port the port that is connected to, never -1
 */
record Origin(String scheme, String host, int port) {
  private static final Pattern IPV4_LOOPBACK = Pattern.compile("127(\\.[0-9]{1,3}){3}");

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
   * Returns whether nobody between here and there can read along: HTTPS, or this machine. Decided
   * on the text of the host; no name is looked up.
   */
  boolean isConfidential() {
    return scheme.equals("https") || isLoopback();
  }

  private boolean isLoopback() {
    return host.equals("localhost")
        || host.equals("[::1]")
        || IPV4_LOOPBACK.matcher(host).matches();
  }

  /**
   * Returns whether the resource is of this origin.
   *
   * @param base what a relative URL is relative to
   */
  boolean isOf(String resource, URI base) {
    return resolved(resource, base).flatMap(Origin::of).filter(this::equals).isPresent();
  }

  /**
   * Returns whether a descriptor from this host may name this resource as the one that it sells.
   *
   * <p>The host must be this one. A port must be this one where the URL names one, and the scheme
   * may be the other of the two: a seller behind a proxy that ends TLS often knows neither the
   * scheme nor the port that the client used.
   *
   * @param base what a relative URL is relative to
   */
  boolean mayNameItself(String resource, URI base) {
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
