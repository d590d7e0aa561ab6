// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.RouteSettings.Pricing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The rules of a webapp, in their order of precedence: the most specific pattern first, and for one
 * pattern a rule with methods before one without. Immutable.
 */
final class Routes {
  private static final Set<String> ORDINARY_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH");

  private final List<Route> bySpecificity;

  private Routes(List<Route> bySpecificity) {
    this.bySpecificity = bySpecificity;
  }

  /**
   * Returns the rules.
   *
   * @throws IllegalArgumentException if a rule is neither priced nor free, or two rules are for the
   *     same paths and methods
   */
  static Routes of(List<Route> routes) {
    List<Route> sorted = new ArrayList<>(routes);
    sorted.sort(
        Comparator.comparing(Route::paths)
            .thenComparing(route -> route.methods().isEmpty())
            .thenComparing(Route::toString));
    for (Route route : sorted) {
      requireDecided(route);
    }
    for (int i = 0; i < sorted.size(); i++) {
      for (int j = i + 1; j < sorted.size(); j++) {
        requireDistinct(sorted.get(i), sorted.get(j));
        requireOnePass(sorted.get(i), sorted.get(j));
      }
    }
    return new Routes(List.copyOf(sorted));
  }

  /** Returns the rule that decides on a request, empty if none covers it. */
  Optional<Route> find(CanonicalPath path, String method) {
    for (Route route : bySpecificity) {
      if (route.covers(method) && route.paths().matches(path)) {
        return Optional.of(route);
      }
    }
    return Optional.empty();
  }

  /**
   * Returns the priced rule of a path whose rules do not name this method, if the method is not an
   * ordinary one. Many handlers do not check the method, and would run unpaid.
   */
  Optional<Route> findBeside(CanonicalPath path, String method) {
    if (isOrdinary(method) || find(path, method).isPresent()) {
      return Optional.empty();
    }
    return bySpecificity.stream()
        .filter(route -> !route.isFree() && route.paths().matches(path))
        .findFirst();
  }

  /**
   * Returns whether a request may reach something with a price, by any way to read its path. What
   * is priced for other methods alone counts if the method is not an ordinary one.
   */
  boolean mayBePriced(CanonicalPath.Decision decision, String method, PathRules rules) {
    PathReadings readings = decision.readings();
    if (Stream.concat(Stream.of(decision.path()), readings.paths().stream())
        .flatMap(reading -> reading.withWelcomeFiles(rules).stream())
        .anyMatch(path -> isPriced(path, method))) {
      return true;
    }
    Predicate<PathPattern> others = readings.others(rules);
    return bySpecificity.stream().anyMatch(route -> route.isPriced() && others.test(route.paths()));
  }

  private boolean isPriced(CanonicalPath path, String method) {
    return find(path, method).filter(Route::isPriced).isPresent()
        || findBeside(path, method).isPresent();
  }

  /** Returns whether a rule that names other methods leaves this one alone. */
  static boolean isOrdinary(String method) {
    return ORDINARY_METHODS.contains(method);
  }

  /** Returns the rules, the most specific first. */
  List<Route> all() {
    return bySpecificity;
  }

  private static void requireDecided(Route route) {
    RouteSettings settings = route.settings();
    if (settings.pricing() != null && !route.isPriced() && settings.pass() != null) {
      throw new IllegalArgumentException("route " + route + ": it has no price, and sells a pass");
    }
    if (settings.signInFor() != null && !(settings.pricing() instanceof Pricing.Fixed)) {
      throw new IllegalArgumentException(
          "route "
              + route
              + ": signIn needs a fixed price; another price could buy less than the sign-in opens");
    }
    if (settings.pricing() == null) {
      throw new IllegalArgumentException(
          "route " + route + ": expected price(...) or free(), or pricedByHandler(), found none");
    }
  }

  private static void requireOnePass(Route one, Route other) {
    if (one.sharesPassWith(other)
        && !Objects.equals(one.settings().pass(), other.settings().pass())) {
      throw new IllegalArgumentException(
          "routes "
              + one
              + " and "
              + other
              + ": they share a pass, and say different things about it");
    }
  }

  private static void requireDistinct(Route one, Route other) {
    if (one.paths().overlapsExactly(other.paths()) && one.sharesMethodWith(other)) {
      throw new IllegalArgumentException(
          "routes " + one + " and " + other + ": two rules for the same thing; keep one");
    }
  }
}
