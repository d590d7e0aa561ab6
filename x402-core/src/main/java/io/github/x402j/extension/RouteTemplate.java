// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The template of an endpoint's paths, as {@code bazaar} writes it: {@code /users/:id}. */
final class RouteTemplate {
  private static final Pattern VALID = Pattern.compile("/[a-zA-Z0-9_/:.\\-~%]+");
  private static final Pattern NAME = Pattern.compile("\\{((?:[^{}]|\\{[^{}]*})*)}");
  private static final int LONGEST = 1024;
  private static final int MOST_DECODINGS = 5;

  private RouteTemplate() {}

  /**
   * Returns whether it is a template; one that may leave its place however it is decoded is not.
   */
  static boolean isValid(String template) {
    if (template.length() > LONGEST || !VALID.matcher(template).matches()) {
      return false;
    }
    String decoded = template;
    for (int i = 0; i < MOST_DECODINGS; i++) {
      if (decoded.contains("..") || decoded.contains("://")) {
        return false;
      }
      String next;
      try {
        next = URLDecoder.decode(decoded.replace("+", "%2B"), UTF_8);
      } catch (IllegalArgumentException e) {
        return false;
      }
      if (next.indexOf('\uFFFD') >= 0) {
        return false; // not UTF-8
      }
      if (next.equals(decoded)) {
        return true;
      }
      decoded = next;
    }
    return false;
  }

  /**
   * Returns the template of a pattern of ours, {@code /users/{id}}. A prefix, {@code /files/*}, has
   * the name {@code var1} in place of what follows.
   */
  static String of(String pattern) {
    Matcher names = NAME.matcher(pattern);
    String named = names.replaceAll(match -> ":" + Matcher.quoteReplacement(name(match.group(1))));
    return named.endsWith("/*") ? named.substring(0, named.length() - 1) + ":var1" : named;
  }

  /** Frameworks write an expression after the name: {@code {id:[0-9]+}}. */
  private static String name(String inBraces) {
    int colon = inBraces.indexOf(':');
    return (colon < 0 ? inBraces : inBraces.substring(0, colon)).strip();
  }
}
