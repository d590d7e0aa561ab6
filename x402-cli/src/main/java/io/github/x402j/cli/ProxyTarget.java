// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.http.BoundedHttp;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.eclipse.jetty.http.HttpURI;
import org.jspecify.annotations.Nullable;

/**
 * Where a request to the proxy goes. Immutable.
 *
 * @param url the URL of the target
 * @param inPath whether the path named it ({@code /https/api.example.com/path}), and not an
 *     absolute request line, as clients with a proxy setting write it
 */
record ProxyTarget(URI url, boolean inPath) {
  private static final String EXPECTED =
      "expected http://127.0.0.1:PORT/https/HOST/PATH, or a request for an http URL by a client"
          + " with a proxy setting";

  /**
   * Reads the target of a request line. What the server made of it has the authority of an absolute
   * line, or else that of the Host header.
   *
   * @param port the port of the proxy
   * @throws IllegalArgumentException if it names none
   */
  static ProxyTarget of(HttpURI line, int port) {
    if (line.getHost() == null) {
      throw new IllegalArgumentException("target: " + EXPECTED);
    }
    if (BoundedHttp.isLoopback(line.getHost()) && line.getPort() == port) {
      return inPath(line);
    }
    if (!"http".equalsIgnoreCase(line.getScheme())) {
      throw new IllegalArgumentException("target: " + EXPECTED);
    }
    return new ProxyTarget(
        url(
            "http://"
                + line.getAuthority()
                + (line.getPathQuery() == null ? "/" : line.getPathQuery())),
        false);
  }

  /**
   * Returns whether the request was made for the proxy by a name that is not the proxy's. A page in
   * a browser does that if its own name was made to lead to this machine.
   */
  boolean isMisnamed(int port) {
    return !inPath && url.getPort() == port && !BoundedHttp.isLoopback(url.getHost());
  }

  private static ProxyTarget inPath(HttpURI line) {
    String path = line.getPathQuery();
    String[] parts = path.split("/", 4); // "", scheme, host, the rest
    if (parts.length < 3 || !(parts[1].equals("https") || parts[1].equals("http"))) {
      throw new IllegalArgumentException("target: " + EXPECTED);
    }
    String rest = parts.length < 4 ? "" : parts[3];
    return new ProxyTarget(url(parts[1] + "://" + parts[2] + "/" + rest), true);
  }

  private static URI url(String text) {
    try {
      URI url = new URI(text);
      if (url.getHost() == null || url.getRawUserInfo() != null) {
        throw new IllegalArgumentException("target: expected a host, and no user before it");
      }
      return url;
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("target: not a URL", e);
    }
  }

  /** Returns whether this is the proxy itself, by an address that needs no look-up. */
  boolean isOn(int port) {
    int standard = url.getScheme().equals("https") ? 443 : 80;
    int own = url.getPort() == -1 ? standard : url.getPort();
    String host = url.getHost().toLowerCase(Locale.ROOT);
    return own == port && (BoundedHttp.isLoopback(host) || host.equals("0.0.0.0"));
  }

  /**
   * Returns where a redirect of the target leads a client of the proxy: through the proxy again if
   * the path named the target.
   */
  String location(String said) {
    if (!inPath) {
      return said;
    }
    @Nullable URI to;
    try {
      to = url.resolve(new URI(said));
    } catch (URISyntaxException e) {
      return said;
    }
    String text = to.toString();
    return text.matches("(?i)https?://.*") ? "/" + text.replaceFirst("://", "/") : said;
  }
}
