// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.gate.PaymentGate;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The priced rules of a webapp, made ready at the start. Written at the start only. */
final class PriceList {
  private final PaymentGate gate;
  private final List<AcceptedToken> accepted;
  private final Duration maxTimeout;
  private final PublicUrl publicUrl;
  private final Routes routes;
  private final Map<Route, PricedRoute> priced = new IdentityHashMap<>();

  /**
   * @param accepted the tokens of rules that name none
   * @param maxTimeout of rules that name none
   * @throws IllegalStateException if a priced rule accepts no token
   * @throws IllegalArgumentException if a price does not fit a token, or a descriptor is too long
   */
  PriceList(
      PaymentGate gate,
      List<AcceptedToken> accepted,
      Duration maxTimeout,
      PublicUrl publicUrl,
      Routes routes) {
    this.gate = gate;
    this.accepted = List.copyOf(accepted);
    this.maxTimeout = maxTimeout;
    this.publicUrl = publicUrl;
    this.routes = routes;
    routes.all().stream().filter(route -> !route.isFree()).forEach(this::add);
  }

  /** Adds the rule of an annotated servlet. */
  PricedRoute add(Route route) {
    RouteSettings settings = route.settings();
    List<AcceptedToken> tokens = settings.accepted().isEmpty() ? accepted : settings.accepted();
    if (tokens.isEmpty()) {
      throw new IllegalStateException(
          "route "
              + route
              + ": no token and payTo are accepted; say accept(Usdc.BASE, payTo) on the filter or the"
              + " route");
    }
    Duration timeout = settings.timeout() == null ? maxTimeout : settings.timeout();
    PricedRoute ready;
    try {
      ready = new PricedRoute(route, gate, tokens, timeout, publicUrl);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + route + ": " + e.getMessage(), e);
    }
    priced.put(route, ready);
    return ready;
  }

  List<PaymentRequirements> waysToPay() {
    return priced.values().stream().flatMap(ready -> ready.waysToPay().stream()).toList();
  }

  /** A priced rule and the path that it is about. */
  record Match(PricedRoute priced, CanonicalPath path) {}

  /** Returns what prices a request; a directory costs what the dearest of its files does. */
  Optional<Match> find(CanonicalPath path, PathRules rules, HttpServletRequest request) {
    List<Match> matches = new ArrayList<>();
    for (CanonicalPath candidate : path.withWelcomeFiles(rules)) {
      Optional<Route> route = routes.find(candidate, request.getMethod());
      if (route.isPresent() && !route.get().isFree()) {
        matches.add(new Match(of(route.get()), candidate));
      }
    }
    return matches.size() < 2
        ? matches.stream().findFirst()
        : matches.stream().max(Comparator.comparing(match -> match.priced().cost(request)));
  }

  private PricedRoute of(Route route) {
    PricedRoute ready = priced.get(route);
    if (ready == null) {
      throw new IllegalStateException("route " + route + " is not on the price list");
    }
    return ready;
  }
}
