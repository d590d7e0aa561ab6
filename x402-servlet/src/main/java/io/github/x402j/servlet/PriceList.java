// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.gate.PaymentGate;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The priced rules of a webapp, made ready at the start. Written at the start only. */
final class PriceList {
  private final PaymentGate gate;
  private final List<AcceptedToken> accepted;
  private final Duration maxTimeout;
  private final String publicUrl;
  private final Map<Route, PricedRoute> priced = new IdentityHashMap<>();

  PriceList(PaymentGate gate, List<AcceptedToken> accepted, Duration maxTimeout, String publicUrl) {
    this.gate = gate;
    this.accepted = accepted;
    this.maxTimeout = maxTimeout;
    this.publicUrl = publicUrl;
  }

  PricedRoute add(Route route) {
    RouteSettings settings = route.settings();
    List<AcceptedToken> tokens = settings.accepted.isEmpty() ? accepted : settings.accepted;
    if (tokens.isEmpty()) {
      throw new IllegalStateException(
          "route "
              + route
              + ": no token and payTo are accepted; say accept(Usdc.BASE, payTo) on the filter or the"
              + " route");
    }
    Duration timeout = settings.maxTimeout == null ? maxTimeout : settings.maxTimeout;
    PricedRoute ready;
    try {
      ready = new PricedRoute(route, gate, tokens, timeout, publicUrl);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + route + ": " + e.getMessage(), e);
    }
    priced.put(route, ready);
    return ready;
  }

  PricedRoute of(Route route) {
    PricedRoute ready = priced.get(route);
    if (ready == null) {
      throw new IllegalStateException("route " + route + " is not on the price list");
    }
    return ready;
  }

  List<PaymentRequirements> waysToPay() {
    return priced.values().stream().flatMap(ready -> ready.waysToPay().stream()).toList();
  }
}
