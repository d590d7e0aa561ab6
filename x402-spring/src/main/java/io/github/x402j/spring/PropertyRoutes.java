// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.Route;
import io.github.x402j.spring.X402Properties.PassFor;
import io.github.x402j.spring.X402Properties.PricedPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The rules of {@code x402.routes}. */
final class PropertyRoutes {
  private PropertyRoutes() {}

  /**
   * Returns the rules.
   *
   * @throws StartFailedException if one is wrong; the message names its property
   */
  static List<Route> of(List<PricedPath> paths) {
    List<Route> routes = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      routes.add(route("x402.routes[" + i + "]", paths.get(i)));
    }
    return routes;
  }

  private static Route route(String property, PricedPath path) {
    String pattern = Setting.require(property + ".pattern", path.pattern(), "a path", "/premium");
    Route route = Setting.convert(property + ".pattern", pattern, Route::of);
    if (path.ignoreCase()) {
      route = route.ignoringCase();
    }
    if (!path.methods().isEmpty()) {
      route =
          with(route, property + ".methods", path.methods().toArray(String[]::new), Route::methods);
    }
    route = priced(route, property, path);
    route = with(route, property + ".description", path.description(), Route::description);
    route = with(route, property + ".mime-type", path.mimeType(), Route::mimeType);
    route = with(route, property + ".tags", path.tags().toArray(String[]::new), Route::tags);
    route = with(route, property + ".sign-in", path.signIn(), Route::signIn);
    route = with(route, property + ".max-timeout", path.maxTimeout(), Route::maxTimeout);
    route = with(route, property + ".deliver-errors", path.deliverErrors(), Route::deliverErrors);
    route =
        with(
            route,
            property + ".buffer-limit",
            path.bufferLimit(),
            (rule, size) -> rule.bufferLimit(size.toBytes()));
    route =
        with(route, property + ".pass", path.pass(), (rule, pass) -> pass(rule, property, pass));
    if (path.discoverable()) {
      route = route.discoverable();
    }
    return path.settleFirst() ? route.settleFirst() : route;
  }

  private static Route priced(Route route, String property, PricedPath path) {
    if (path.free() && path.price() != null) {
      throw new StartFailedException(
          property + ": is free and has a price",
          "Keep one of " + property + ".free and " + property + ".price.",
          null);
    }
    if (path.free()) {
      return route.free();
    }
    String price =
        Setting.require(
            property + ".price", path.price(), "a price, or " + property + ".free=true", "$0.01");
    return with(route, property + ".price", price, Route::price);
  }

  private static Route pass(Route route, String property, PassFor pass) {
    Duration lifetime = pass.lifetime();
    if (lifetime == null) {
      throw StartFailedException.missing(property + ".pass.lifetime", "a duration", "10m");
    }
    Integer uses = pass.uses();
    Route sold = uses == null ? route.pass(lifetime) : route.pass(lifetime, uses);
    return pass.group() == null ? sold : sold.passGroup(pass.group());
  }

  /** Changes a rule by a value. */
  private interface Change<T> {
    Route apply(Route route, T value);
  }

  private static <T> Route with(Route route, String property, @Nullable T value, Change<T> change) {
    return value == null
        ? route
        : Setting.convert(
            property, value, given -> change.apply(route, Objects.requireNonNull(given)));
  }
}
