// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.PriceList.PricedRoute;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The prices of handlers that a framework chooses, for integrations such as x402-spring. The price
 * is decided on the handler that the framework itself has chosen, right before it runs: no pattern
 * of the framework is read twice.
 *
 * <pre>{@code
 * PricedHandler priced = filter.handlers().add("GET /quotes", Route.of("/*").price("$0.01"));
 * ...
 * if (priced.admit(request)) { ... } // run the handler
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class HandlerPrices {
  private static final String ATTRIBUTE = HandlerPrices.class.getName();
  private static final String ASKED = ATTRIBUTE + ".asked";

  /** Sells something to a dispatch. */
  interface Seller {
    /** Sells it, or refuses, unless it is paid already. */
    void sell(PricedRoute priced, String path, GatedRequest request)
        throws IOException, ServletException;
  }

  private final PriceList prices;
  private final Seller seller;
  private final List<HandlerFramework> frameworks;
  private volatile @Nullable PricedRoute any;

  HandlerPrices(PriceList prices, Seller seller) {
    this.prices = prices;
    this.seller = seller;
    this.frameworks = frameworks();
  }

  /** Those that the webapp sees, and those that this class sees; each once. */
  private static List<HandlerFramework> frameworks() {
    Map<Class<?>, HandlerFramework> found = new LinkedHashMap<>();
    ClassLoader own = HandlerPrices.class.getClassLoader();
    for (ClassLoader loader : new ClassLoader[] {own, threads(own)}) {
      ServiceLoader.load(HandlerFramework.class, loader)
          .forEach(each -> found.putIfAbsent(each.getClass(), each));
    }
    return List.copyOf(found.values());
  }

  private static ClassLoader threads(ClassLoader own) {
    return Objects.requireNonNullElse(Thread.currentThread().getContextClassLoader(), own);
  }

  /** Returns those of the {@link PaymentFilter} of a webapp, empty where it has none. */
  public static Optional<HandlerPrices> of(ServletContext context) {
    return context.getAttribute(ATTRIBUTE) instanceof HandlerPrices known
        ? Optional.of(known)
        : Optional.empty();
  }

  /** Makes these the ones of a webapp. */
  void noteIn(ServletContext context) {
    context.setAttribute(ATTRIBUTE, this);
  }

  /** Returns whether a framework may ask for payments. */
  boolean areExpected() {
    return !frameworks.isEmpty();
  }

  /** Returns whether a framework gates this annotated class. */
  boolean gate(Class<?> annotated, ServletContext webapp) {
    return frameworks.stream()
        .anyMatch(framework -> framework.isSetUpIn(webapp) && framework.gates(annotated));
  }

  /**
   * Returns a handler with its price. Call it when the webapp starts.
   *
   * @param name what its sales are recorded under: a method and a pattern, such as {@code GET
   *     /quotes/{id}}
   * @param rule its price and further terms; a rule for {@code /*}, of which the path is not looked
   *     at
   * @throws IllegalStateException if no token is accepted
   * @throws IllegalArgumentException if the rule has no price, names tokens of its own, or its
   *     price does not fit a token
   */
  public PricedHandler add(String name, Route rule) {
    if (!rule.isPriced()) {
      throw new IllegalArgumentException(name + ": expected price(...), found none");
    }
    if (!rule.settings().accepted().isEmpty() || rule.settings().pass() != null) {
      throw new IllegalArgumentException(
          name + ": a handler accepts the tokens of the filter, and sells no pass");
    }
    return new PricedHandler(this, prices.addHandler(name, rule));
  }

  /** See {@link PricedHandler#admit}. */
  boolean admit(PricedRoute priced, HttpServletRequest http) {
    if (OpenDispatch.isRefused(http)) {
      return false;
    }
    if (GrantedRequest.covers(http, () -> priced.options(http))) {
      return true;
    }
    Optional<OpenDispatch> open = OpenDispatch.of(http);
    return open.isPresent() ? sell(priced, open.get()) : isPaid(priced, http);
  }

  private boolean sell(PricedRoute priced, OpenDispatch open) {
    GatedRequest request = open.toSell();
    try {
      seller.sell(priced, open.path(), request);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ServletException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    return !open.isRefused()
        && (request.paid().filter(paid -> paid.refusal().isEmpty()).isPresent()
            || GrantedRequest.of(request.servletRequest()).isPresent());
  }

  /** Decides within a request that was sold before it came to this handler. */
  private static boolean isPaid(PricedRoute priced, HttpServletRequest http) {
    PaidRequest paid =
        PaidRequest.of(http)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        priced.name()
                            + " is priced, and no PaymentFilter has decided on this request: map"
                            + " it to /* with every dispatcher type, and ask in the thread of the"
                            + " dispatch"));
    if (paid.covers(priced.options(http))) {
      return true;
    }
    if (!paid.isHeld()) {
      throw new IllegalStateException(
          priced.name() + " costs more than was paid for this request, which is not held");
    }
    String path = http.getServletPath() + Objects.requireNonNullElse(http.getPathInfo(), "");
    paid.refuseWith(Answer.refusal(priced.refusal(http, path)));
    return false;
  }

  // ---- a price that only the handler knows

  /** See {@link Payments#require(HttpServletRequest, Price)}. */
  boolean require(HttpServletRequest http, Price price) {
    Object before = http.getAttribute(ASKED);
    http.setAttribute(ASKED, price);
    try {
      PricedRoute rule = OpenDispatch.of(http).flatMap(OpenDispatch::rule).orElseGet(this::any);
      return admit(rule, http);
    } finally {
      http.setAttribute(ASKED, before);
    }
  }

  /** The rule of handlers that no rule is for. */
  private PricedRoute any() {
    PricedRoute known = any;
    if (known == null) {
      known = prices.addHandler("/*", Route.of("/*").pricedByHandler());
      any = known;
    }
    return known;
  }

  /** Returns whether the handler of a request asks for a payment itself: it runs already. */
  static boolean isAsking(HttpServletRequest request) {
    return request.getAttribute(ASKED) != null;
  }

  /** Returns the price that the handler of a request asks for. */
  static Price asked(HttpServletRequest request) {
    if (request.getAttribute(ASKED) instanceof Price price) {
      return price;
    }
    throw new IllegalStateException("the handler has not said what its request costs");
  }
}
