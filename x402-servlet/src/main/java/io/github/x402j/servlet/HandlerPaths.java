// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;

/**
 * Where a framework maps a handler, for {@link PricedHandler#requireNoCheaperRule}.
 *
 * @param handler the handler, for messages, such as {@code com.example.Reports.one}
 * @param template the paths within the webapp, decoded. {@code {name}}, with text or an expression
 *     or not, and {@code *} stand for one segment; {@code **}, {@code {*name}} and {@code {name:
 *     .*}} for any number
 * @param methods the HTTP methods, upper case; empty for all
 * @param runs whether the framework runs this handler for a method and a path; it is asked about
 *     examples that the template has in common with a rule
 */
public record HandlerPaths(
    String handler, String template, Set<String> methods, BiPredicate<String, String> runs) {
  /** Copies the methods. */
  public HandlerPaths {
    methods = Set.copyOf(methods);
  }

  /** Returns methods and template. */
  @Override
  public String toString() {
    return (methods.isEmpty() ? "" : String.join(",", new TreeSet<>(methods)) + " ") + template;
  }
}
