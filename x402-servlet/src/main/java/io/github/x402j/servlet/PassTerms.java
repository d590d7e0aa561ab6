// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.RequestMethod;
import io.github.x402j.gate.Pass;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The pass that the payments of a rule buy.
 *
 * @param lifetime whole seconds, at least one
 * @param uses how many requests it opens besides the one that was paid for; null for any number
 * @param group the name of the rules that share it, or null where it opens its own rule only
 */
record PassTerms(Duration lifetime, @Nullable Long uses, @Nullable String group) {
  /** Tells a client what else the receipt of its payment opens. */
  static final String COVERS = "X-Payment-Receipt-Covers";

  /** The header is for convenience only: one that is too long is left out. */
  static final int MAX_COVERS_LENGTH = 512;

  private static final int MAX_COVERED = 32;
  static final Duration LONGEST = Duration.ofDays(366);

  /** Stands for every method of the rules in a group. */
  private static final String ANY_METHOD = "*";

  PassTerms {
    if (lifetime.getNano() != 0 || lifetime.toSeconds() < 1 || lifetime.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "pass: expected whole seconds, 1 to 366 days, found " + lifetime);
    }
    if (uses != null && uses < 1) {
      throw new IllegalArgumentException("pass: expected at least one use, found " + uses);
    }
    if (group != null && !group.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new IllegalArgumentException(
          "passGroup: expected 1 to 64 letters, digits, dots, hyphens or underscores");
    }
  }

  PassTerms inGroup(String name) {
    return new PassTerms(lifetime, uses, name);
  }

  /**
   * Returns the pass that a request of this method buys, and by which it is let in.
   *
   * @param webapp the path of the public URL, so that webapps on one host do not open each other
   */
  Pass pass(String webapp, String pattern, String method) {
    OptionalLong number = uses == null ? OptionalLong.empty() : OptionalLong.of(uses);
    if (group != null) {
      return new Pass("group:" + webapp + ":" + group, ANY_METHOD, lifetime, number);
    }
    return new Pass(webapp + pattern, RequestMethod.priced(method), lifetime, number);
  }

  /**
   * Returns the value of {@link #COVERS}: what the pass opens, as clients see it. Empty if it is
   * too long to be told.
   */
  String covers(String webapp, List<Route> opened, String method) {
    List<String> covered =
        opened.stream()
            .flatMap(
                route ->
                    (group == null
                            ? List.of(RequestMethod.priced(method) + " ")
                            : route.methods().isEmpty()
                                ? List.of("")
                                : route.methods().stream().map(name -> name + " ").toList())
                        .stream().map(name -> name + webapp + escaped(route.pattern())))
            .toList();
    String value = covered.stream().collect(Collectors.joining(", "));
    return covered.size() > MAX_COVERED || value.length() > MAX_COVERS_LENGTH ? "" : value;
  }

  private static String escaped(String pattern) {
    return PublicUrl.escape(pattern).replace("%7B", "{").replace("%7D", "}").replace(",", "%2C");
  }
}
