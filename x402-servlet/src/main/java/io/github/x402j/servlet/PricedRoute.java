// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import jakarta.servlet.http.HttpServletRequest;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A priced rule, ready to be asked: everything that does not depend on the request is computed at
 * the start.
 */
final class PricedRoute {
  private final Route route;
  private final PaymentGate gate;
  private final List<AcceptedToken> accepted;
  private final Duration maxTimeout;
  private final String publicUrl;
  private final String webapp;
  private final @Nullable List<PaymentRequirements> fixedOptions;
  private final @Nullable Challenge fixedChallenge;

  PricedRoute(
      Route route,
      PaymentGate gate,
      List<AcceptedToken> accepted,
      Duration maxTimeout,
      String publicUrl) {
    this.route = route;
    this.gate = gate;
    this.accepted = accepted;
    this.maxTimeout = maxTimeout;
    this.publicUrl = publicUrl;
    this.webapp = String.valueOf(URI.create(publicUrl).getRawPath());
    Price price = route.settings().price;
    fixedOptions = price == null ? null : options(price);
    fixedChallenge =
        fixedOptions != null && route.pattern().isExact()
            ? challenge(route.pattern().text(), fixedOptions)
            : null;
    if (fixedChallenge == null) { // too long a descriptor stops the start
      challenge("/" + "x".repeat(ResourcePath.MAX_PATH_LENGTH - 1), waysToPay());
    }
    PassTerms terms = route.settings().pass;
    if (terms != null) { // nor may a name be too long
      terms.pass(webapp, route.pattern(), "GET");
    }
  }

  Route route() {
    return route;
  }

  /** Returns what start-up checks need to know: every way to pay, with some amount. */
  List<PaymentRequirements> waysToPay() {
    if (fixedOptions != null) {
      return fixedOptions;
    }
    return options(new Price(BigDecimal.ONE));
  }

  /** Returns what the request costs. */
  List<PaymentRequirements> options(HttpServletRequest request) {
    return fixedOptions != null ? fixedOptions : options(price(request));
  }

  /**
   * Returns what to compare prices by: dollars, and more than any where the price function fails,
   * so that the failure is met again where it closes the gate.
   */
  BigDecimal cost(HttpServletRequest request) {
    try {
      return price(request).dollars();
    } catch (RuntimeException | Error e) {
      return BigDecimal.TEN.pow(18);
    }
  }

  private Price price(HttpServletRequest request) {
    Price fixed = route.settings().price;
    if (fixed != null) {
      return fixed;
    }
    Function<HttpServletRequest, Price> dynamic = route.settings().dynamicPrice;
    if (dynamic == null) {
      throw new IllegalStateException("route " + route + " has no price");
    }
    Price price = dynamic.apply(request);
    if (price == null) {
      throw new IllegalStateException("route " + route + ": the price function returned null");
    }
    return price;
  }

  /**
   * Returns the challenge for a request.
   *
   * @param path within the webapp, decoded
   * @throws IllegalArgumentException if the path is too long for a descriptor
   */
  Challenge challenge(HttpServletRequest request, String path) {
    return fixedChallenge != null ? fixedChallenge : challenge(path, options(request));
  }

  /** Returns what the request buys. */
  Purchase purchase(HttpServletRequest request, Challenge challenge) {
    String name = ResourcePath.requestName(request, challenge.required().resource().url());
    Purchase purchase = Purchase.of(name, request.getMethod()).withQuery(request.getQueryString());
    PassTerms terms = route.settings().pass;
    if (terms == null) {
      return purchase;
    }
    Pass pass = terms.pass(webapp, route.pattern(), request.getMethod());
    return purchase.withPass(pass);
  }

  /** Returns what a client that pays is told besides what the gate tells it. */
  Map<String, String> more(HttpServletRequest request, List<Route> all) {
    PassTerms terms = route.settings().pass;
    if (terms == null) {
      return Map.of();
    }
    List<Route> opened =
        terms.group() == null
            ? List.of(route)
            : all.stream().filter(other -> other.sharesPassWith(route)).toList();
    String covers = terms.covers(webapp, opened, request.getMethod());
    return covers.isEmpty() ? Map.of() : Map.of(PassTerms.COVERS, covers);
  }

  private Challenge challenge(String path, List<PaymentRequirements> options) {
    RouteSettings settings = route.settings();
    ResourceInfo resource =
        new ResourceInfo(
            publicUrl + ResourcePath.encode(path), settings.description, settings.mimeType);
    return gate.challenge(PaymentRequired.of(resource, options));
  }

  private List<PaymentRequirements> options(Price price) {
    return accepted.stream().map(token -> token.requirements(price, maxTimeout)).toList();
  }
}
