// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The headers and cookies that a handler has set, over those that outer filters had set before.
 *
 * <p>What a container might refuse to send is refused when the handler sets it: after settlement it
 * would be too late.
 */
final class HeldHeaders {
  private static final Set<String> SAME_SITE = Set.of("strict", "lax", "none", "");

  private static final List<String> NONE = List.of();

  private final Map<String, List<String>> outer = newMap();
  private final Map<String, List<String>> held = newMap();
  private final Set<String> replaced = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final List<Cookie> cookies = new ArrayList<>();
  private int bytes;

  HeldHeaders(HttpServletResponse outerResponse) {
    for (String name : outerResponse.getHeaderNames()) {
      boolean isState =
          name.equalsIgnoreCase("Content-Type") || name.equalsIgnoreCase("Content-Length");
      if (!isState) {
        outer.put(name, List.copyOf(outerResponse.getHeaders(name)));
      }
    }
  }

  private static Map<String, List<String>> newMap() {
    return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  }

  /** Replaces all values of a header; null removes it. */
  synchronized void set(String name, @Nullable String value) {
    checkName(name);
    List<String> before = held.remove(name);
    if (before != null) {
      before.forEach(v -> bytes -= cost(name, v));
    }
    replaced.add(name);
    if (value != null) {
      put(name, value);
    }
  }

  synchronized void add(String name, String value) {
    checkName(name);
    put(name, value);
  }

  private void put(String name, String value) {
    checkValue(name, value);
    held.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    bytes += cost(name, value);
  }

  /** Adds a copy. */
  synchronized void add(Cookie cookie) {
    checkCookieValue(cookie.getValue());
    checkDomain(cookie.getDomain());
    checkSameSite(cookie.getAttribute("SameSite"));
    cookie.getAttributes().values().forEach(HeldHeaders::checkAttribute);
    cookies.add((Cookie) cookie.clone());
    bytes += cost("Set-Cookie", cookie.getName());
    bytes += cookie.getValue() == null ? 0 : cookie.getValue().length();
    cookie.getAttributes().forEach((name, value) -> bytes += cost(name, value));
  }

  static int cost(String name, String value) {
    return name.length() + value.length() + 4;
  }

  /** Returns the size of the handler's headers and cookies in a response head, roughly. */
  synchronized int bytes() {
    return bytes;
  }

  /** Returns how many values the header with the most of them has. */
  synchronized int mostValues() {
    int most = cookies.size() + all("Set-Cookie").size();
    for (List<String> values : held.values()) {
      most = Math.max(most, values.size());
    }
    return most;
  }

  synchronized boolean contains(String name) {
    return !all(name).isEmpty() || name.equalsIgnoreCase("Set-Cookie") && !cookies.isEmpty();
  }

  synchronized List<String> all(String name) {
    List<String> before = replaced.contains(name) ? NONE : outer.getOrDefault(name, NONE);
    List<String> own = held.getOrDefault(name, NONE);
    if (before.isEmpty()) {
      return List.copyOf(own);
    }
    List<String> values = new ArrayList<>(before);
    values.addAll(own);
    return List.copyOf(values);
  }

  synchronized Collection<String> names(boolean hasContentType, boolean hasContentLength) {
    List<String> names = new ArrayList<>(held.keySet());
    for (String name : outer.keySet()) {
      if (!replaced.contains(name) && !held.containsKey(name)) {
        names.add(name);
      }
    }
    if (hasContentType) {
      names.add("Content-Type");
    }
    if (hasContentLength) {
      names.add("Content-Length");
    }
    names.sort(String.CASE_INSENSITIVE_ORDER);
    return List.copyOf(names);
  }

  /** Forgets what the handler has set. What outer filters have set stays theirs. */
  synchronized void clear() {
    held.clear();
    replaced.clear();
    cookies.clear();
    bytes = 0;
  }

  synchronized void writeTo(HttpServletResponse response) {
    held.forEach(
        (name, values) -> {
          for (int i = 0; i < values.size(); i++) {
            if (i == 0 && replaced.contains(name)) {
              response.setHeader(name, values.get(i));
            } else {
              response.addHeader(name, values.get(i));
            }
          }
        });
    cookies.forEach(response::addCookie);
  }

  void writeOuterTo(HttpServletResponse response) {
    outer.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
  }

  static void check(String name, String value) {
    checkName(name);
    checkValue(name, value);
  }

  private static void checkName(String name) {
    boolean isToken = !name.isEmpty();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      isToken &= c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
    }
    if (!isToken) {
      throw new IllegalArgumentException("header name: expected a token of RFC 9110");
    }
  }

  private static void checkValue(String name, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c < ' ' && c != '\t' || c == 0x7f) {
        throw new IllegalArgumentException(
            "header " + name + ": the value has a control character");
      }
    }
  }

  // ---- checks of cookies

  /** RFC 6265, section 4.1.1, cookie-value. */
  private static void checkCookieValue(@Nullable String value) {
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
