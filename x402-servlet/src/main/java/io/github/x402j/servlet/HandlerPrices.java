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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
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
  private static final String WAITING = ATTRIBUTE + ".waiting";
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
  private final List<Function<String, List<String>>> readings = new CopyOnWriteArrayList<>();
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

  /**
   * Hands over those of a webapp: now, or when its {@link PaymentFilter} is registered or
   * initialised, which may come after the servlets. What is thrown then fails the start.
   */
  public static void whenKnown(ServletContext context, Consumer<HandlerPrices> use) {
    Optional<HandlerPrices> known = of(context);
    if (known.isPresent()) {
      use.accept(known.get());
      return;
    }
    List<Consumer<HandlerPrices>> all = new ArrayList<>(waiting(context));
    all.add(use);
    context.setAttribute(WAITING, List.copyOf(all));
  }

  @SuppressWarnings("unchecked") // only whenKnown() sets it
  private static List<Consumer<HandlerPrices>> waiting(ServletContext context) {
    Object waiting = context.getAttribute(WAITING);
    return waiting == null ? List.of() : (List<Consumer<HandlerPrices>>) waiting;
  }

  /** Makes these the ones of a webapp. */
  void noteIn(ServletContext context) {
    context.setAttribute(ATTRIBUTE, this);
    List<Consumer<HandlerPrices>> waiting = waiting(context);
    context.removeAttribute(WAITING);
    waiting.forEach(use -> use.accept(this));
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

  /** See {@link PricedHandler#requireNoCheaperRule}. */
  void requirePaid(PricedRoute handler, HandlerPaths paths, boolean settledFirstOnly) {
    for (PriceList.Shared shared : prices.sharedWith(paths)) {
      PricedRoute rule = shared.rule();
      boolean settlesFirst = rule.route().settings().settlesFirst();
      if ((settlesFirst || !settledFirstOnly) && !rule.paysFor(handler)) {
        throw new IllegalStateException(
            "%s, mapped to %s, costs %s by its annotation, but the rule %s decides on %s first, and takes %s%s"
                .formatted(
                    paths.handler(),
                    paths,
                    handler.priceText(),
                    rule.name(),
                    shared.request(),
                    rule.priceText() + (isEqual(rule, handler) ? " in other tokens" : ""),
                    settlesFirst
                        ? ": who pays that has paid, and is refused"
                        : ": who pays that is refused"));
      }
    }
  }

  private static boolean isEqual(PricedRoute rule, PricedRoute handler) {
    return rule.hasFixedPrice() && rule.priceText().equals(handler.priceText());
  }

  /**
   * Requires that no rule settles first where a framework may run handlers whose price is known
   * with the request only: it would be too late to ask for more. Call it when the webapp starts.
   *
   * @throws IllegalStateException if one does; the message names it
   */
  public void requireNothingSettledFirst(HandlerPaths paths) {
    for (PriceList.Shared shared : prices.sharedWith(paths)) {
      if (shared.rule().route().settings().settlesFirst()) {
        throw new IllegalStateException(
            "%s, mapped to %s, leads to handlers whose price is known with the request only, but the rule %s settles %s first"
                .formatted(paths.handler(), paths, shared.rule().name(), shared.request()));
      }
    }
  }

  /**
   * Adds a way in which the webapp reads a path besides the filter's: as the path of a file with a
   * version in its name, for example. A request whose path is read as a priced one is refused,
   * unless a rule prices it the same. Call it when the webapp starts.
   *
   * @param reading returns what a path within the webapp, decoded, is taken for; empty for nothing
   *     else
   */
  public void alsoReads(Function<String, List<String>> reading) {
    readings.add(reading);
  }

  /** Returns the decision with what the framework reads the path for, too. */
  CanonicalPath.Decision read(CanonicalPath.Decision decision) {
    if (readings.isEmpty()) {
      return decision;
    }
    PathReadings before = decision.readings();
    List<CanonicalPath> all = new ArrayList<>(before.paths());
    Stream.concat(Stream.of(decision.path()), before.paths().stream())
        .flatMap(path -> readings.stream().flatMap(each -> each.apply(path.value()).stream()))
        .distinct()
        .map(CanonicalPath::reading)
        .forEach(all::add);
    return new CanonicalPath.Decision(
        decision.path(), new PathReadings(all, before.areAll(), null), decision.problem());
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
