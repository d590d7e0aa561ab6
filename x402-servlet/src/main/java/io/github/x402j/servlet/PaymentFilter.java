// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gate: answers 402 for what is priced until a payment arrives, has it verified, runs the
 * handler, has the payment settled, and only then lets the response out.
 *
 * <pre>{@code
 * PaymentFilter filter =
 *     PaymentFilter.builder()
 *         .publicUrl("https://api.example.com")
 *         .accept(Usdc.BASE, "0xYourAddress")
 *         .facilitator(facilitator)
 *         .routes(Route.get("/premium").price("$0.01"))
 *         .build();
 * PaymentFilter.register(servletContext, filter);
 * }</pre>
 *
 * <p>Register it in front of every filter that writes, after those that change method or path. A
 * configuration that does not hold (chain, token, routes) fails {@link #init}, and with it the
 * start of the webapp. Safe for use by several threads.
 */
public final class PaymentFilter implements Filter {
  /** How long a payment may be valid unless said otherwise. */
  public static final Duration DEFAULT_MAX_TIMEOUT = Duration.ofSeconds(60);

  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);
  private static final EnumSet<DispatcherType> ALL_DISPATCHES = EnumSet.allOf(DispatcherType.class);

  private final PaymentGate gate;
  private final Routes routes;
  private final PathRules pathRules;
  private final PriceList prices;
  private final Delivery delivery;
  private final AnnotatedServlets annotated = new AnnotatedServlets();
  private final FilterMapping mapping = new FilterMapping();
  private volatile boolean started;

  PaymentFilter(
      PaymentGate gate,
      Routes routes,
      PathRules pathRules,
      PriceList prices,
      CaptureLimits limits) {
    this.gate = gate;
    this.routes = routes;
    this.pathRules = pathRules;
    this.prices = prices;
    this.delivery = new Delivery(gate, limits);
  }

  /** Returns a builder. */
  public static PaymentFilterBuilder builder() {
    return new PaymentFilterBuilder();
  }

  /**
   * Puts the filter in front of the whole webapp, for every kind of dispatch, and in front of every
   * servlet that is annotated with {@link RequiresPayment}. Call it when the servlets and WebSocket
   * endpoints are known: in a {@code ServletContextListener} or {@code
   * ServletContainerInitializer}.
   *
   * @throws IllegalArgumentException if an annotation holds no price, or a servlet is priced by
   *     annotation and by a rule for exactly its URL
   * @throws IllegalStateException if the configuration does not hold against the chain
   */
  public static void register(ServletContext context, PaymentFilter filter) {
    filter.mapping.inFrontOfAll(context);
    add(context, "x402", filter).addMappingForUrlPatterns(ALL_DISPATCHES, false, "/*");
    filter
        .annotated
        .find(context)
        .forEach(
            (servlet, route) -> {
              AnnotatedServlets.requireNoOtherRule(context, servlet, filter.routes);
              PricedRoute priced = filter.prices.add(route);
              filter.annotated.gated(servlet, route);
              add(context, "x402-" + servlet, filter.inFrontOf(priced))
                  .addMappingForServletNames(ALL_DISPATCHES, true, servlet);
            });
    filter.startGate(); // now: Undertow initialises filters with the first request only
  }

  private static FilterRegistration.Dynamic add(
      ServletContext context, String name, Filter filter) {
    FilterRegistration.Dynamic registration = context.addFilter(name, filter);
    if (registration == null) {
      throw new IllegalStateException("a filter named " + name + " is registered already");
    }
    registration.setAsyncSupported(true);
    return registration;
  }

  /**
   * Checks the configuration against the chain and the webapp.
   *
   * @throws ServletException if it does not hold; nothing is served then
   */
  @Override
  public void init(FilterConfig config) throws ServletException {
    try {
      mapping.requireEverything(config);
      annotated.requireAllGated(config.getServletContext());
      startGate();
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new ServletException("x402: " + e.getMessage(), e);
    }
  }

  private void requireStarted() throws ServletException {
    if (!started) {
      throw new ServletException(
          "x402: the filter was not initialised; register it with the container, or call init"
              + " where another filter calls it");
    }
  }

  private void startGate() {
    if (!started) {
      gate.start(prices.waysToPay());
      started = true;
    }
  }

  /**
   * Answers in place of what is priced, or lets the request through, paid or free.
   *
   * @throws ServletException if the filter was not initialised: nothing is served then
   */
  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    requireStarted();
    Dispatch dispatch = Dispatch.of(request, response, chain);
    if (dispatch.isOriginal()) {
      Reply.Page page = Reply.page(dispatch.request(), dispatch.response());
      decide(dispatch);
      page.finish(dispatch.request());
    } else {
      decide(dispatch);
    }
  }

  /** Finds the rule: what is priced is sold, what is free goes on. */
  private void decide(Dispatch dispatch) throws IOException, ServletException {
    HttpServletRequest request = dispatch.request();
    PathDecision decision = CanonicalPath.of(request, pathRules);
    if (decision instanceof PathDecision.Refused refused) {
      dispatch.refuse(to -> Answers.error(to, 400, "invalid_path", refused.reason()));
      return;
    }
    CanonicalPath path = ((PathDecision.Canonical) decision).path();
    Optional<Match> match = annotated.gates(request) ? Optional.empty() : match(path, request);
    if (match.isPresent()) {
      sell(match.get().priced(), match.get().path().value(), dispatch);
      return;
    }
    Optional<Route> beside = routes.findBeside(path, request.getMethod());
    if (beside.isPresent()) {
      dispatch.refuseMethod(beside.get());
      return;
    }
    dispatch.goOn();
  }

  /** A priced rule and the path that it is about. */
  private record Match(PricedRoute priced, CanonicalPath path) {}

  /** A directory costs what the dearest of it and its welcome files does. */
  private Optional<Match> match(CanonicalPath path, HttpServletRequest request) {
    List<Match> matches = new ArrayList<>();
    for (CanonicalPath candidate : path.withWelcomeFiles(pathRules)) {
      Optional<Route> route = routes.find(candidate, request.getMethod());
      if (route.isPresent() && !route.get().isFree()) {
        matches.add(new Match(prices.of(route.get()), candidate));
      }
    }
    return matches.size() < 2
        ? matches.stream().findFirst()
        : matches.stream().max(Comparator.comparing(match -> match.priced().cost(request)));
  }

  /** Sells once in an exchange: what is paid already goes on. */
  private void sell(PricedRoute priced, String path, Dispatch dispatch)
      throws IOException, ServletException {
    if (dispatch.isNeverSold()) {
      dispatch.refuseMethod(priced.route());
      return;
    }
    Optional<PaidExchange> paid = dispatch.paid();
    if (paid.isPresent()) {
      goOnPaid(paid.get(), priced, path, dispatch);
      return;
    }
    Reply reply = Reply.to(dispatch.request(), dispatch.response());
    if (reply.isAnswered()) {
      return;
    }
    if (ResourcePath.isTooLong(path)) {
      reply.send(to -> Answers.error(to, 414, "path_too_long", "no descriptor could name it"));
      return;
    }
    charge(priced, path, reply, dispatch);
  }

  /** A dispatch within an exchange that is paid: once is enough, unless this costs more. */
  private static void goOnPaid(
      PaidExchange paid, PricedRoute priced, String path, Dispatch dispatch)
      throws IOException, ServletException {
    if (paid.covers(priced.options(dispatch.request()))) {
      dispatch.goOn();
      return;
    }
    if (paid.isDelivered() && dispatch.isInclude()) { // a refusal would replace what is paid for
      log.warn("{} costs more than what its page has sold before; it is left out", priced.route());
      return;
    }
    Refusal refusal = priced.challenge(dispatch.request(), path).refusal();
    dispatch.refuse(to -> Answers.refuse(to, refusal));
  }

  /** The protocol: challenge, admission, and the refusal or the delivery. */
  private void charge(PricedRoute priced, String path, Reply reply, Dispatch dispatch)
      throws IOException, ServletException {
    HttpServletRequest request = dispatch.request();
    Challenge challenge;
    Admission admission;
    try {
      challenge = priced.challenge(request, path);
      admission = admit(priced.purchase(request, challenge), challenge, request);
    } catch (RuntimeException | Error e) { // closes the gate: the handler does not run
      log.error("route {}: the payment could not be decided", priced.route(), e);
      reply.send(
          to -> Answers.error(to, 500, "payment_undecided", "the price or payment is unclear"));
      return;
    }
    if (admission instanceof Admission.Refused refused) {
      reply.send(to -> Answers.refuse(to, refused.refusal()));
    } else if (admission instanceof Admission.Answered answered) {
      reply.send(to -> Answers.again(to, answered.answer()));
    } else if (admission instanceof Admission.Admitted admitted) {
      Map<String, String> more = priced.more(request, routes.all());
      Sale sale = new Sale(priced.route(), challenge, admitted.payment(), more);
      delivery.deliver(sale, reply, dispatch);
    }
  }

  private Admission admit(Purchase purchase, Challenge challenge, HttpServletRequest request) {
    return gate.admit(challenge, purchase, name -> Collections.list(request.getHeaders(name)));
  }

  /** The filter of one annotated servlet, which knows its price whatever the URL. */
  private Filter inFrontOf(PricedRoute priced) {
    return (req, res, chain) -> {
      Dispatch dispatch = Dispatch.of(req, res, chain);
      HttpServletRequest request = dispatch.request();
      if (priced.route().covers(request.getMethod())) {
        String path =
            request.getServletPath() + Objects.requireNonNullElse(request.getPathInfo(), "");
        sell(priced, path.isEmpty() ? "/" : path, dispatch);
      } else if (Routes.isOrdinary(request.getMethod())) {
        chain.doFilter(request, dispatch.response());
      } else {
        dispatch.refuseMethod(priced.route());
      }
    };
  }
}
