// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Hashes;
import io.github.x402j.Settings;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.http.BoundedHttp;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A URL under which clients see the webapp, and the URLs and names of what it sells. */
final class PublicUrl {
  private static final String UNESCAPED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/";

  /** Longer names are kept as their hash, so that a ledger's entries stay small. */
  private static final int MAX_NAME_LENGTH = 200;

  /** How long one character of a path can become, as three octets. */
  private static final int LONGEST_ESCAPE = 9;

  private final String text;
  private final String origin;
  private final String path;
  private final String scheme;
  private final String host;
  private final int port;

  private PublicUrl(String text, URI uri) {
    this.text = text;
    this.scheme = uri.getScheme();
    this.host = uri.getHost().toLowerCase(Locale.ROOT);
    this.port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    this.origin = (uri.getScheme() + "://" + uri.getRawAuthority()).toLowerCase(Locale.ROOT);
    this.path = String.valueOf(uri.getRawPath());
  }

  /**
   * @throws IllegalArgumentException if it is not the URL of a webapp
   */
  static PublicUrl parse(@Nullable String url) {
    String given =
        Settings.require("publicUrl", "the URL under which clients see this webapp", url);
    URI uri;
    try {
      uri = URI.create(given);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("publicUrl: not a URL", e);
    }
    boolean isWeb = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
    if (!isWeb
        || uri.getHost() == null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null
        || uri.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "publicUrl: expected http:// or https://, a host and perhaps a path, such as"
              + " https://api.example.com");
    }
    String text = given.endsWith("/") ? given.substring(0, given.length() - 1) : given;
    return new PublicUrl(text, URI.create(text));
  }

  /**
   * Returns the one of several public URLs whose host the request names, the first if it names none
   * of them. Of several with one host it is the one with the port, and then the scheme, that the
   * container sees.
   */
  static PublicUrl of(List<PublicUrl> all, HttpServletRequest request) {
    PublicUrl best = all.get(0);
    int most = 0;
    for (PublicUrl each : all) {
      int likeness = all.size() == 1 ? 0 : each.likeness(request);
      if (likeness > most) {
        best = each;
        most = likeness;
      }
    }
    return best;
  }

  private int likeness(HttpServletRequest request) {
    if (!host.equalsIgnoreCase(request.getServerName())) {
      return 0;
    }
    int samePort = port == request.getServerPort() ? 2 : 0;
    int sameScheme = scheme.equals(request.getScheme()) ? 1 : 0;
    return 4 + samePort + sameScheme;
  }

  /** Returns whether nothing under it can be read on the way. */
  boolean isSafe() {
    return BoundedHttp.isSafe(URI.create(text));
  }

  /** Returns scheme, host and port, in lower case. */
  String origin() {
    return origin;
  }

  /** Returns the path of the webapp, escaped, without a slash at its end; empty for the root. */
  String path() {
    return path;
  }

  /** Returns the path of the URL of a pattern within the webapp, whose names stay in braces. */
  String pathOf(String pattern) {
    return path + escape(pattern).replace("%7B", "{").replace("%7D", "}");
  }

  /** Returns the URL of a path within the webapp, which is given decoded. */
  String of(String pathInWebapp) {
    return text + escape(pathInWebapp);
  }

  /** Returns whether a path is longer than this, escaped. */
  static boolean isLonger(String pathInWebapp, int length) {
    return pathInWebapp.length() * LONGEST_ESCAPE > length
        && (pathInWebapp.length() > length || escape(pathInWebapp).length() > length);
  }

  /** Escapes a decoded path for a URL (RFC 3986, pchar). */
  static String escape(String path) {
    StringBuilder escaped = new StringBuilder(path.length() + 16);
    for (byte b : path.getBytes(UTF_8)) {
      char c = (char) (b & 0xff);
      if (c < 0x80 && UNESCAPED.indexOf(c) >= 0) {
        escaped.append(c);
      } else {
        escaped.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      }
    }
    return escaped.toString();
  }

  /**
   * Returns the name of the request that a payment is for: method, resource and query. See {@link
   * PaymentGate#admit}.
   */
  static String requestName(HttpServletRequest request, String resourceUrl) {
    String query = request.getQueryString();
    String name = request.getMethod() + " " + resourceUrl + (query == null ? "" : "?" + query);
    return name.length() <= MAX_NAME_LENGTH ? name : "sha256:" + sha256(name);
  }

  private static String sha256(String text) {
    return HexFormat.of().formatHex(Hashes.sha256(text));
  }
}
