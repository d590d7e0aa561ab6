// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cookies that a handler has added. One that a container might refuse to send is refused at
 * once: after settlement it would be too late.
 */
final class HeldCookies {
  private static final Set<String> SAME_SITE = Set.of("strict", "lax", "none", "");

  private final List<Cookie> cookies = new ArrayList<>();

  private int bytes;

  /** Adds a copy. */
  synchronized void add(Cookie cookie) {
    checkValue(cookie.getValue());
    checkDomain(cookie.getDomain());
    checkSameSite(cookie.getAttribute("SameSite"));
    cookie.getAttributes().values().forEach(HeldCookies::checkAttribute);
    cookies.add((Cookie) cookie.clone());
    bytes += HeldHeaders.cost("Set-Cookie", cookie.getName());
    bytes += cookie.getValue() == null ? 0 : cookie.getValue().length();
    cookie.getAttributes().forEach((name, value) -> bytes += HeldHeaders.cost(name, value));
  }

  /** Returns the size of the cookies in a response head, roughly. */
  synchronized int bytes() {
    return bytes;
  }

  synchronized int count() {
    return cookies.size();
  }

  synchronized boolean isEmpty() {
    return cookies.isEmpty();
  }

  synchronized void clear() {
    cookies.clear();
    bytes = 0;
  }

  synchronized void writeTo(HttpServletResponse response) {
    cookies.forEach(response::addCookie);
  }

  /** RFC 6265, section 4.1.1, cookie-value. */
  private static void checkValue(@Nullable String value) {
    if (value == null) {
      return;
    }
    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
    String bare = quoted ? value.substring(1, value.length() - 1) : value;
    if (!bare.chars().allMatch(c -> c > ' ' && c < 0x7f && "\",;\\".indexOf(c) < 0)) {
      throw new IllegalArgumentException("cookie value: expected a cookie-value of RFC 6265");
    }
  }

  private static void checkDomain(@Nullable String domain) {
    if (domain == null) {
      return;
    }
    boolean isName =
        domain.chars().allMatch(c -> isAlphanumeric(c) || c == '.' || c == '-')
            && !domain.isEmpty()
            && isAlphanumeric(domain.charAt(0))
            && isAlphanumeric(domain.charAt(domain.length() - 1));
    if (!isName) {
      throw new IllegalArgumentException(
          "cookie domain: expected a host name without a leading dot");
    }
  }

  /** Jetty finds out when it is sent. */
  private static void checkSameSite(@Nullable String value) {
    if (value != null && !SAME_SITE.contains(value.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException("cookie SameSite: expected Strict, Lax or None");
    }
  }

  private static boolean isAlphanumeric(int c) {
    return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private static void checkAttribute(@Nullable String value) {
    if (value != null && !value.chars().allMatch(c -> c >= ' ' && c < 0x7f && c != ';')) {
      throw new IllegalArgumentException(
          "cookie attribute: has a semicolon or a control character");
    }
  }
}
