// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The headers that a handler has set, over those that outer filters had set before.
 *
 * <p>A name or value that a container might refuse is refused when the handler sets it: after
 * settlement it would be too late.
 */
final class HeldHeaders {
  private final Map<String, List<String>> outer = newMap();
  private final Map<String, List<String>> held = newMap();
  private final Set<String> replaced = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
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

  static int cost(String name, String value) {
    return name.length() + value.length() + 4;
  }

  /** Returns the size of the handler's headers as lines of a response head. */
  synchronized int bytes() {
    return bytes;
  }

  /** Returns how many values the header with the most of them has. */
  synchronized int mostValues() {
    return held.values().stream().mapToInt(List::size).max().orElse(0);
  }

  synchronized List<String> all(String name) {
    List<String> values = new ArrayList<>();
    if (!replaced.contains(name)) {
      values.addAll(outer.getOrDefault(name, List.of()));
    }
    values.addAll(held.getOrDefault(name, List.of()));
    return List.copyOf(values);
  }

  synchronized Collection<String> names(boolean hasContentType, boolean hasContentLength) {
    Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    outer.keySet().stream().filter(name -> !replaced.contains(name)).forEach(names::add);
    names.addAll(held.keySet());
    if (hasContentType) {
      names.add("Content-Type");
    }
    if (hasContentLength) {
      names.add("Content-Length");
    }
    return List.copyOf(names);
  }

  /** Forgets what the handler has set. What outer filters have set stays theirs. */
  synchronized void clear() {
    held.clear();
    replaced.clear();
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
  }

  void writeOuterTo(HttpServletResponse response) {
    outer.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
  }

  static void check(String name, String value) {
    checkName(name);
    checkValue(name, value);
  }

  private static void checkName(String name) {
    boolean isToken =
        !name.isEmpty()
            && name.chars()
                .allMatch(c -> c > ' ' && c < 0x7f && "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0);
    if (!isToken) {
      throw new IllegalArgumentException("header name: expected a token of RFC 9110");
    }
  }

  private static void checkValue(String name, String value) {
    if (value.chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
      throw new IllegalArgumentException("header " + name + ": the value has a control character");
    }
  }
}
