// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Admission;
import io.github.x402j.Challenge;
import io.github.x402j.PaymentGate;
import io.github.x402j.Purchase;
import io.github.x402j.Refusal;
import io.github.x402j.VerifiedPayment;
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
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
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
   * servlet that is annotated with {@link RequiresPayment}. Call it when the servlets are known: in
   * a {@code ServletContextListener} or {@code ServletContainerInitializer}.
   *
   * @throws IllegalArgumentException if an annotation holds no price, or a servlet is priced by
   *     annotation and by a rule for exactly its URL
   * @throws IllegalStateException if the configuration does not hold against the chain
   */
  public static void register(ServletContext context, PaymentFilter filter) {
    add(context, "x402", filter).addMappingForUrlPatterns(ALL_DISPATCHES, false, "/*");
    filter
        .annotated
        .find(context)
        .forEach(
            (servlet, route) -> {
              filter.requireNoOtherRule(context, servlet);
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

  private void requireNoOtherRule(ServletContext context, String servlet) {
    for (String mapping : context.getServletRegistration(servlet).getMappings()) {
      for (Route route : routes.all()) {
        if (!route.isFree() && route.pattern().text().equals(mapping)) {
          throw new IllegalArgumentException(
              "servlet "
                  + servlet
                  + " is annotated with @RequiresPayment and route "
                  + route
                  + " prices its URL, too: two rules for the same thing; keep one");
        }
      }
    }
  }

  /**
   * Checks the configuration against the chain and the webapp.
   *
   * @throws ServletException if it does not hold; nothing is served then
   */
  @Override
  public void init(FilterConfig config) throws ServletException {
    try {
      FilterMapping.requireEverything(config);
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
  public void doFilter(ServletRequest req, ServletResponse res, FilterChain chain)
      throws IOException, ServletException {
    requireStarted();
    HttpServletRequest request = (HttpServletRequest) req;
    HttpServletResponse response = (HttpServletResponse) res;
    if (request.getDispatcherType() == DispatcherType.REQUEST) {
      Reply.Page page = Reply.page(request, response);
      decide(request, response, chain);
      page.finish(request);
    } else {
      decide(request, response, chain);
    }
  }

  private void decide(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    PathDecision decision = CanonicalPath.of(request, pathRules);
    if (decision instanceof PathDecision.Refused refused) {
      refuse(request, response, to -> Answers.error(to, 400, "invalid_path", refused.reason()));
      return;
    }
    CanonicalPath path = ((PathDecision.Canonical) decision).path();
    Optional<Match> match = annotated.gates(request) ? Optional.empty() : match(path, request);
    if (match.isPresent()) {
      sell(match.get().priced(), match.get().path().value(), request, response, chain);
      return;
    }
    Optional<Route> beside = routes.findBeside(path, request.getMethod());
    if (beside.isPresent()) {
      refuseMethod(beside.get(), request, response);
      return;
    }
    goOn(request, response, chain);
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

  /** The protocol, in the order of events. */
  private void sell(
      PricedRoute priced,
      String path,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    if (isRefusedMethod(request.getMethod())) {
      refuseMethod(priced.route(), request, response);
      return;
    }
    Optional<PaidExchange> paid = PaidExchange.of(request);
    if (paid.isPresent()) {
      goOnPaid(paid.get(), priced, path, request, response, chain);
      return;
    }
    Reply reply = Reply.to(request, response);
    if (reply.isAnswered()) {
      return;
    }
    if (ResourcePath.isTooLong(path)) {
      reply.send(to -> Answers.error(to, 414, "path_too_long", "no descriptor could name it"));
      return;
    }
    Challenge challenge;
    Admission admission;
    try {
      challenge = priced.challenge(request, path);
      admission = admit(priced.purchase(request, challenge), challenge, request);
    } catch (RuntimeException e) { // closes the gate: the handler does not run
      log.error("route {}: the payment could not be decided", priced.route(), e);
      reply.send(
          to -> Answers.error(to, 500, "payment_undecided", "the price or payment is unclear"));
      return;
    }
    if (admission instanceof Admission.Refused refused) {
      reply.send(to -> Answers.refuse(to, refused.refusal()));
      return;
    }
    if (admission instanceof Admission.Answered answered) {
      reply.send(to -> Answers.again(to, answered.answer()));
      return;
    }
    VerifiedPayment payment = ((Admission.Admitted) admission).payment();
    Sale sale = new Sale(priced.route(), challenge, payment, priced.more(request, routes.all()));
    delivery.deliver(sale, reply, request, response, chain);
  }

  private static boolean isRefusedMethod(String method) {
    return method.equalsIgnoreCase("OPTIONS") || method.equalsIgnoreCase("TRACE");
  }

  /** Answers what is not sold: OPTIONS, TRACE, and what no rule knows where rules name methods. */
  private static void refuseMethod(
      Route route, HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    if (request.getMethod().equalsIgnoreCase("OPTIONS")) {
      refuse(request, response, to -> Answers.options(to, route));
    } else {
      refuse(
          request,
          response,
          to -> Answers.error(to, 405, "method_not_allowed", "not for a priced resource"));
    }
  }

  /**
   * Answers in place of the resource; where a paid exchange is under way, in place of all of it.
   */
  private static void refuse(
      HttpServletRequest request, HttpServletResponse response, Reply.Answer answer)
      throws IOException, ServletException {
    Optional<PaidExchange> paid = PaidExchange.of(request);
    if (paid.isEmpty() || !paid.get().isHeld()) {
      Reply.to(request, response).send(answer);
      return;
    }
    paid.get().refuseWith(answer);
    goOn(request, response, (req, res) -> {}); // an asynchronous run has to be told that it is over
  }

  private Admission admit(Purchase purchase, Challenge challenge, HttpServletRequest request) {
    return gate.admit(challenge, purchase, name -> Collections.list(request.getHeaders(name)));
  }

  /** A dispatch within an exchange that is paid: once is enough, unless this costs more. */
  private void goOnPaid(
      PaidExchange paid,
      PricedRoute priced,
      String path,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws IOException, ServletException {
    if (paid.covers(priced.options(request))) {
      goOn(request, response, chain);
      return;
    }
    Refusal refusal = priced.challenge(request, path).refusal();
    refuse(request, response, to -> Answers.refuse(to, refusal));
  }

  private static void goOn(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Capture capture = Capture.of(request);
    if (capture != null
        && request.getDispatcherType() == DispatcherType.ASYNC
        && !capture.isComplete()) {
      capture.resume(request, response, chain);
    } else {
      chain.doFilter(request, response);
    }
  }

  /** The filter of one annotated servlet, which knows its price whatever the URL. */
  private Filter inFrontOf(PricedRoute priced) {
    return (req, res, chain) -> {
      HttpServletRequest request = (HttpServletRequest) req;
      HttpServletResponse response = (HttpServletResponse) res;
      if (!priced.route().covers(request.getMethod())) {
        if (Routes.isOrdinary(request.getMethod())) {
          chain.doFilter(request, response);
        } else {
          refuseMethod(priced.route(), request, response);
        }
        return;
      }
      String path =
          request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo());
      sell(priced, path.isEmpty() ? "/" : path, request, response, chain);
    };
  }
}
