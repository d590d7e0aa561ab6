// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Facilitator;
import io.github.x402j.PaymentCodec;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settings;
import io.github.x402j.Token;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.gate.AccessHook;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.LoggingPaymentListener;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.gate.SignInStore;
import io.github.x402j.mpp.ChallengeSecrets;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.servlet.GatedResponse.Answer;
import io.github.x402j.servlet.PriceList.PricedRoute;
import io.github.x402j.servlet.hold.HeldLimits;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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
 * <p>Register it after your security and CORS filters, and before compression and every other
 * filter that writes. An invalid configuration (chain, token, routes) fails {@link #init}, and with
 * it the start of the webapp. Safe for use by several threads.
 */
public final class PaymentFilter implements Filter {
  /** How long a payment may be valid unless {@link Builder#maxTimeout} is called: 60 s. */
  public static final Duration DEFAULT_MAX_TIMEOUT = Duration.ofSeconds(60);

  /** How long a stop waits unless {@link Builder#stopTimeout} is called: 20 s. */
  public static final Duration DEFAULT_STOP_TIMEOUT = Duration.ofSeconds(20);

  /** The most that {@link Builder#requestHeaderLimit} takes, in bytes. */
  public static final int MAX_REQUEST_HEADER_LIMIT = HeaderLimit.LARGEST_REQUEST;

  private static final Logger log = LoggerFactory.getLogger(PaymentFilter.class);

  private final PaymentGate gate;
  private final Routes routes;
  private final PathRules pathRules;
  private final PriceList prices;
  private final HeldLimits limits;
  private final ErrorDelivery errors;
  private final String publicPath;
  private final Duration stopTimeout;
  private final boolean waitsWithoutThread;
  private final Registration registration = new Registration();
  private final HandlerPrices handlers;
  private final @Nullable ForSale forSale;
  private volatile boolean started;
  private volatile boolean stopped;

  private PaymentFilter(
      PaymentGate gate,
      Routes routes,
      PathRules pathRules,
      PriceList prices,
      HeldLimits limits,
      ErrorDelivery errors,
      String publicPath,
      Duration stopTimeout,
      boolean waitsWithoutThread,
      @Nullable ForSale forSale) {
    this.gate = gate;
    this.routes = routes;
    this.pathRules = pathRules;
    this.prices = prices;
    this.limits = limits;
    this.errors = errors;
    this.publicPath = publicPath;
    this.stopTimeout = stopTimeout;
    this.waitsWithoutThread = waitsWithoutThread;
    this.forSale = forSale;
    this.handlers = new HandlerPrices(prices, this::sell);
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the record of what was sold. */
  public SalesBook salesBook() {
    return gate.salesBook();
  }

  /** Returns the prices of handlers that a framework chooses, for its integration. */
  public HandlerPrices handlers() {
    return handlers;
  }

  /**
   * Returns an initializer that registers the filter when a webapp starts. It takes one line in an
   * embedded container:
   *
   * <pre>{@code
   * webapp.addServletContainerInitializer(PaymentFilter.initializer(Paywalls::filter)); // Jetty
   * webapp.addServletContainerInitializer(
   *     PaymentFilter.initializer(Paywalls::filter), Set.of()); // Tomcat
   * }</pre>
   *
   * <p>See {@link #register}. What the supplier throws fails the start.
   *
   * @param filter called once for each start of the webapp
   */
  public static ServletContainerInitializer initializer(Supplier<PaymentFilter> filter) {
    return (classes, context) -> register(context, filter.get());
  }

  /**
   * Registers the filter for every path and every kind of dispatch of the webapp, and for every
   * servlet that is annotated with {@link RequiresPayment}. Call it when the servlets and WebSocket
   * endpoints are known: in a {@code ServletContextListener} or {@code
   * ServletContainerInitializer}.
   *
   * @throws IllegalArgumentException if an annotation holds no price, or a servlet is priced by
   *     annotation and by a rule for exactly its URL
   * @throws IllegalStateException if the configuration is not valid for the chain
   */
  public static void register(ServletContext context, PaymentFilter filter) {
    filter.registration.register(
        context, filter, filter.routes, route -> filter.inFrontOf(filter.prices.add(route)));
    filter.startIn(context);
  }

  /**
   * Does what {@link #register} does, except that it does not map the filter: for a framework that
   * maps it in an order of its own. Map it to {@code /*}, for every dispatcher type, with support
   * for asynchronous requests.
   *
   * @throws IllegalArgumentException as {@link #register} does
   * @throws IllegalStateException as {@link #register} does
   */
  public static void registerServlets(ServletContext context, PaymentFilter filter) {
    filter.registration.registerServlets(
        context, filter.routes, route -> filter.inFrontOf(filter.prices.add(route)));
    filter.startIn(context);
  }

  private void startIn(ServletContext context) {
    handlers.noteIn(context);
    if (forSale != null) {
      ForSale.mapIn(context);
    }
    startGate(); // now: Undertow initialises filters with the first request only
  }

  /**
   * Checks the configuration against the chain and the webapp.
   *
   * @throws ServletException if it is not valid; nothing is served then
   */
  @Override
  public void init(FilterConfig config) throws ServletException {
    try {
      registration.requireEverything(config, routes, publicPath, handlers);
      handlers.noteIn(config.getServletContext());
      startGate();
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new ServletException("x402: " + e.getMessage(), e);
    }
  }

  /** Returns why priced routes answer 503 at present, as {@link PaymentGate#outages} does. */
  public List<String> outages() {
    return gate.outages();
  }

  private void startGate() {
    if (!started || stopped) {
      gate.start(prices.checkedAtStart(handlers.areExpected()));
      started = true;
      stopped = false;
    }
  }

  /**
   * Stops selling: priced routes answer 503 from now on. Waits for the sales in progress, for
   * {@link Builder#stopTimeout} at most. What is not certain to have gone out by then can be
   * fetched with the same payment from the next process that has the same ledger.
   */
  @Override
  public void destroy() {
    stopped = true;
    gate.stop(stopTimeout);
  }

  /**
   * Answers in place of what is priced, or lets the request through, paid or free.
   *
   * @throws ServletException if the filter was not initialised: nothing is served then
   */
  @Override
  public void doFilter(ServletRequest http, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    requireStarted();
    GatedRequest request = GatedRequest.of(http, response, chain);
    CanonicalPath.Decision decision =
        handlers.read(CanonicalPath.of(request.servletRequest(), pathRules));
    if (forSale != null && forSale.answer(decision.path().value(), request)) {
      return;
    }
    GatedResponse.Page page = request.page();
    Optional<PriceList.Match> match = price(decision.path(), request.servletRequest());
    Optional<Route> beside = routes.findBeside(decision.path(), request.method());
    Optional<String> doubt = doubt(decision, match, request);
    if (doubt.isPresent()) {
      request.refuse(Answer.error(400, "invalid_path", doubt.get()));
    } else if (match.isPresent()) {
      sell(match.get().priced(), match.get().path().value(), request);
    } else if (beside.isPresent()) {
      request.refuseMethod(beside.get());
    } else {
      goOn(decision.path(), request);
    }
    page.finish(request.servletRequest());
    if (stopped) {
      LastWrite.whileStopping(request.servletRequest());
    }
  }

  private void requireStarted() throws ServletException {
    if (!started) {
      throw new ServletException(
          "x402: the filter was not initialised; register it with the container, or call init"
              + " where another filter calls it");
    }
  }

  /**
   * Lets a request go on; its handler may ask for a payment where a rule or a framework lets it.
   */
  private void goOn(CanonicalPath path, GatedRequest request) throws IOException, ServletException {
    Optional<PricedRoute> rule = prices.findPricedByHandler(path, request.method());
    boolean mayBeSold = rule.isPresent() || handlers.areExpected();
    if (mayBeSold && !request.isPartOfSale()) {
      new OpenDispatch(request, path.value(), rule.orElse(null), limits).run(request.chain());
    } else {
      request.goOn();
    }
  }

  /** Finds the price, empty for what is free and for a servlet that has a filter of its own. */
  private Optional<PriceList.Match> price(CanonicalPath path, HttpServletRequest http) {
    return registration.gates(http) ? Optional.empty() : prices.find(path, pathRules, http);
  }

  /** Returns why it is not certain what the request costs, empty if it is, or if it is free. */
  private Optional<String> doubt(
      CanonicalPath.Decision decision, Optional<PriceList.Match> match, GatedRequest request) {
    if (decision.problem() != null) {
      boolean mayCost =
          registration.gates(request.servletRequest())
              || routes.mayBePriced(decision, request.method(), pathRules);
      return mayCost ? Optional.of(decision.problem()) : Optional.empty();
    }
    return isUndecided(decision.readings().paths(), match, request)
        ? Optional.of("the path has a reading that is priced")
        : Optional.empty();
  }

  /** Returns whether the handler may take the path for one that has a price of its own. */
  private boolean isUndecided(
      List<CanonicalPath> readings, Optional<PriceList.Match> match, GatedRequest request) {
    HttpServletRequest http = request.servletRequest();
    for (CanonicalPath reading : readings) {
      Optional<PriceList.Match> other = prices.find(reading, pathRules, http);
      boolean isDecided =
          other.isEmpty()
              ? routes.findBeside(reading, request.method()).isEmpty() || match.isPresent()
              : match.isPresent() && match.get().priced() == other.get().priced()
                  || isPaidFor(other.get().priced(), request);
      if (!isDecided) {
        return true;
      }
    }
    return false;
  }

  private static boolean isPaidFor(PricedRoute priced, GatedRequest request) {
    HttpServletRequest http = request.servletRequest();
    return request.paid().filter(paid -> paid.covers(priced.options(http))).isPresent()
        || GrantedRequest.covers(http, () -> priced.options(http));
  }

  /** Sells a resource, unless it is part of a request that is paid or granted already. */
  private void sell(PricedRoute priced, String path, GatedRequest request)
      throws IOException, ServletException {
    Optional<PaidRequest> paid = request.paid();
    if (request.isNeverSold()) {
      request.refuseMethod(priced.route());
    } else if (paid.isPresent()) {
      goOnPaid(paid.get(), priced, path, request);
    } else if (isPaidFor(priced, request)) {
      request.goOn();
    } else {
      charge(priced, path, request);
    }
  }

  /** Handles a dispatch within a paid request: it goes on, unless it costs more. */
  private static void goOnPaid(
      PaidRequest paid, PricedRoute priced, String path, GatedRequest request)
      throws IOException, ServletException {
    if (request.isErrorPage() && paid.isWithoutCharge()) {
      int status = request.servletResponse().getStatus(); // an error costs nothing; this page does
      request.refuse(Answer.error(status, "handler_failed", "nothing was charged"));
      return;
    }
    if (paid.covers(priced.options(request.servletRequest()))) {
      request.goOn();
      return;
    }
    if (paid.isDelivered() && request.isInclude()) { // a refusal would replace what is paid for
      log.warn("{} costs more than its page was paid for; it is left out", priced.name());
      return;
    }
    request.refuse(Answer.refusal(priced.refusal(request.servletRequest(), path)));
  }

  /** Sells the resource: what it costs, what is bought, and how it is delivered. */
  private void charge(PricedRoute priced, String path, GatedRequest request)
      throws IOException, ServletException {
    GatedResponse response = request.response().readableFor(request);
    if (response.isAnswered() || OpenDispatch.isRefused(request.servletRequest())) {
      return;
    }
    if (priced.isTooLong(path)) {
      response.send(Answer.error(414, "path_too_long", "no descriptor could name it"));
      return;
    }
    HttpServletRequest http = request.servletRequest();
    Route route = priced.route();
    Delivery delivery = delivery(priced, path, request, response);
    try {
      Challenge challenge = priced.challenge(http, path);
      gate.sell(challenge, priced.purchase(http, challenge), name -> headers(http, name), delivery);
    } catch (RuntimeException | Error e) {
      if (delivery.hasBegun()) {
        throw e;
      }
      log.error("route {}: the payment could not be decided", priced.name(), e); // fails closed
      response.send(Answer.error(500, "payment_undecided", "the price or payment is unclear"));
    }
    delivery.rethrow();
  }

  private static List<String> headers(HttpServletRequest http, String name) {
    Enumeration<String> values = http.getHeaders(name);
    return values.hasMoreElements() ? Collections.list(values) : List.of();
  }

  private Delivery delivery(
      PricedRoute priced, String path, GatedRequest request, GatedResponse response) {
    Map<String, String> more = priced.more(request.servletRequest());
    RouteSettings settings = priced.route().settings();
    Long ownLimit = settings.limit();
    HeldLimits held =
        (ownLimit == null ? limits : limits.withMaxBytes(ownLimit))
            .withMaxHeaderBytes(priced.headersOfHandler(request.servletRequest(), path));
    return settings.settlesFirst()
        ? new StreamedDelivery(request, response, path, more, held)
        : new HeldDelivery(
            priced.name(),
            request.isErrorPage()
                ? ErrorDelivery.NONE // its status is the error's, whatever it holds
                : Objects.requireNonNullElse(settings.errors(), errors),
            request,
            response,
            path,
            more,
            held,
            waitsWithoutThread);
  }

  /** The filter of one annotated servlet, which knows its price whatever the URL. */
  private Filter inFrontOf(PricedRoute priced) {
    return (req, res, chain) -> {
      GatedRequest request = GatedRequest.of(req, res, chain);
      HttpServletRequest http = request.servletRequest();
      if (priced.route().covers(request.method())) {
        String path = http.getServletPath() + Objects.requireNonNullElse(http.getPathInfo(), "");
        sell(priced, path.isEmpty() ? "/" : path, request);
      } else if (Routes.isOrdinary(request.method())) {
        chain.doFilter(http, request.servletResponse());
      } else {
        request.refuseMethod(priced.route());
      }
    };
  }

  /** Collects the settings of a {@link PaymentFilter}. Not safe for use by several threads. */
  public static final class Builder {
    private final PaymentGate.Builder gate =
        PaymentGate.builder().listener(new LoggingPaymentListener());
    private final List<AcceptedToken> accepted = new ArrayList<>();
    private List<PublicUrl> publicUrls = List.of();
    private Routes routes = Routes.of(List.of());
    private PathRules pathRules = PathRules.strict();
    private Duration maxTimeout = DEFAULT_MAX_TIMEOUT;
    private Duration stopTimeout = DEFAULT_STOP_TIMEOUT;
    private boolean waitsInThread;
    private ErrorDelivery errors = ErrorDelivery.CLIENT_ERRORS;
    private long bufferLimit = HeldLimits.DEFAULT_MAX_BYTES;
    private @Nullable Integer spillAbove;
    private int headerLimit = HeaderLimit.DEFAULT;
    private int requestHeaderLimit = HeaderLimit.DEFAULT_REQUEST;
    private PriceList.Service service = PriceList.Service.UNNAMED;
    private boolean signsOffers;
    private boolean namesPayments;
    private boolean challenges;
    private boolean publishesOffers;
    private @Nullable ReceiptIssuer issuer;
    private @Nullable ReceiptVerifier verifier;

    private Builder() {}

    /**
     * Sets the URL under which clients see this webapp, with its context path: {@code
     * https://example.com/shop}. Descriptors use it, as a request's {@code Host} cannot be trusted.
     * Required.
     *
     * @throws IllegalArgumentException if it is not such a URL
     */
    public Builder publicUrl(@Nullable String url) {
      return publicUrls(Collections.singletonList(url));
    }

    /**
     * Sets the URLs under which clients see this webapp, where it has several host names. A
     * descriptor uses the one whose host the request names, and the first if it names another host.
     * The host is that of {@link HttpServletRequest#getServerName}: behind a proxy that changes it
     * the container must take it from that proxy's headers. Receipts and passes are for the origin
     * of the first.
     *
     * @throws IllegalArgumentException if there is none, or one is not such a URL
     */
    public Builder publicUrls(List<@Nullable String> urls) {
      if (urls.isEmpty()) {
        throw new IllegalArgumentException("publicUrls: expected at least one URL, found none");
      }
      publicUrls = urls.stream().map(PublicUrl::parse).toList();
      return this;
    }

    /**
     * Adds a token that every route accepts unless it names its own; the preferred one first.
     * Required, here or on each priced route.
     *
     * @param payTo the recipient, as {@link io.github.x402j.Address#parse} takes it
     * @throws IllegalArgumentException if {@code payTo} is no address, or its checksum is wrong
     */
    public Builder accept(Token token, @Nullable String payTo) {
      accepted.add(AcceptedToken.of(token, payTo));
      return this;
    }

    /** Adds a facilitator; the first that supports a network handles it. Required. */
    public Builder facilitator(Facilitator facilitator) {
      gate.facilitator(facilitator);
      return this;
    }

    /**
     * Starts although a node or a remote facilitator does not answer: free routes work, and priced
     * ones answer 503 until it does. See {@link PaymentFilter#outages}. Default: off.
     */
    public Builder startWithoutNode() {
      gate.startWithoutNode();
      return this;
    }

    /** Sets the ledger of used authorizations. Default: in memory. */
    public Builder ledger(PaymentLedger newLedger) {
      gate.ledger(newLedger);
      return this;
    }

    /** See {@link PaymentGate.Builder#salesBook}. Default: the last 10,000 sales, in memory. */
    public Builder salesBook(SalesBook newBook) {
      gate.salesBook(newBook);
      return this;
    }

    /** See {@link PaymentGate.Builder#signInStore}. Default: in memory. */
    public Builder signInStore(SignInStore store) {
      gate.signInStore(store);
      return this;
    }

    /** See {@link PaymentGate.Builder#signInStatement}. Default: nothing. */
    public Builder signInStatement(String statement) {
      gate.signInStatement(statement);
      return this;
    }

    /** Adds a listener, besides the one that writes the log. */
    public Builder listener(PaymentListener listener) {
      gate.listener(listener);
      return this;
    }

    /** See {@link PaymentGate.Builder#access}. Default: everybody pays. */
    public Builder access(AccessHook hook) {
      gate.access(hook);
      return this;
    }

    /** See {@link PaymentGate.Builder#accessTimeout}. Default: 2 s. */
    public Builder accessTimeout(Duration timeout) {
      gate.accessTimeout(timeout);
      return this;
    }

    /** See {@link #routes(List)}. */
    public Builder routes(Route... rules) {
      return routes(List.of(rules));
    }

    /**
     * Adds rules by path, in any order. A further call adds more. Required, unless a servlet has
     * {@link RequiresPayment}.
     *
     * @throws IllegalArgumentException if one is neither priced nor free, or two are for the same
     *     paths and methods
     */
    public Builder routes(List<Route> rules) {
      routes = Routes.of(Stream.concat(routes.all().stream(), rules.stream()).toList());
      return this;
    }

    /** Sets which spellings of a priced path are accepted. Default: {@link PathRules#strict()}. */
    public Builder pathRules(PathRules rules) {
      pathRules = rules;
      return this;
    }

    /**
     * Sets how long a payment may be valid: whole seconds, 10 to 3600. Default: 60 s.
     *
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxTimeout(Duration timeout) {
      maxTimeout = AcceptedToken.requireTimeout(timeout);
      return this;
    }

    /**
     * Sets which errors of paid handlers go out as they were made. They are not paid for, so they
     * must contain nothing that is for sale. Default: {@link ErrorDelivery#CLIENT_ERRORS}.
     */
    public Builder deliverErrors(ErrorDelivery newErrors) {
      errors = newErrors;
      return this;
    }

    /**
     * Sets the limit of a held response in bytes. A longer one fails unpaid. Default: 8 MiB.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder bufferLimit(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("bufferLimit: expected at least 1 byte, found " + bytes);
      }
      bufferLimit = bytes;
      return this;
    }

    /**
     * Sets how long the head of a 402 and of a paid response may be, in bytes, with what the
     * container and filters in front add (512 bytes). Rules that do not fit fail the start; a
     * response whose handler sets more than what is left fails unpaid, unless its route settles
     * first. Default: 4096, which stock nginx takes; a proxy in front that takes more allows more.
     *
     * @throws IllegalArgumentException if it is not in 2048 to 16384
     */
    public Builder headerLimit(int bytes) {
      headerLimit = HeaderLimit.require(bytes);
      return this;
    }

    /**
     * Sets how long the head of a request may be that reaches this webapp, in bytes: what the
     * container reads, and the proxy in front of it. A payment returns what its descriptor
     * announces, so a rule whose payments may be longer fails the start. Default: 8192, which
     * Tomcat and Jetty read; of a payment header {@value PaymentCodec#MAX_HEADER_LENGTH} characters
     * are read at most.
     *
     * @throws IllegalArgumentException if it is not in 2048 to 17408
     */
    public Builder requestHeaderLimit(int bytes) {
      requestHeaderLimit = HeaderLimit.requireForRequest(bytes);
      return this;
    }

    /**
     * Names the service that sells, for lists of services. Default: none.
     *
     * @param name 1 to 32 printable ASCII characters
     * @throws IllegalArgumentException if it is anything else
     */
    public Builder serviceName(@Nullable String name) {
      String given = Settings.require("serviceName", "a name", name);
      ResourceInfo.of("/").withServiceName(given);
      service = new PriceList.Service(given, service.iconUrl());
      return this;
    }

    /**
     * Sets the icon of the service, for lists of services. Default: none.
     *
     * @param url absolute, {@code http} or {@code https}, at most 2,048 characters
     * @throws IllegalArgumentException if it is anything else
     */
    public Builder iconUrl(@Nullable String url) {
      String given = Settings.require("iconUrl", "a URL", url);
      ResourceInfo.of("/").withIconUrl(given);
      service = new PriceList.Service(service.name(), given);
      return this;
    }

    /**
     * Sets how many bytes of a response are held in memory; the rest goes to a temporary file.
     * Default: {@link #bufferLimit}, so that no file is used.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder spillAbove(int bytes) {
      if (bytes < 0) {
        throw new IllegalArgumentException("spillAbove: expected 0 or more bytes, found " + bytes);
      }
      spillAbove = bytes;
      return this;
    }

    /**
     * Adds a receipt to each paid response, in {@code X-Payment-Receipt}, and accepts the passes
     * among them unless {@link #acceptReceipts} is called. Required to sell passes. Default: none.
     *
     * @param newIssuer its audience must be the origin of {@link #publicUrl}
     */
    public Builder receipts(ReceiptIssuer newIssuer) {
      issuer = newIssuer;
      return this;
    }

    /**
     * Accepts receipts in place of payments, in {@code X-Payment-Receipt} and {@code X-Payment}. A
     * seller of passes names its own issuer, too: {@code TrustedIssuer.self(issuer)}; {@link
     * #build} checks it. Default: the passes of {@link #receipts}.
     *
     * @param newVerifier each of its issuers is trusted for the origin of {@link #publicUrl}
     */
    public Builder acceptReceipts(ReceiptVerifier newVerifier) {
      verifier = newVerifier;
      return this;
    }

    /** See {@link PaymentGate.Builder#signOffers(OfferReceiptSigner)}. Default: off. */
    public Builder signOffers(OfferReceiptSigner signer) {
      signsOffers = true;
      gate.signOffers(signer);
      return this;
    }

    /** See {@link PaymentGate.Builder#signOffers(OfferReceiptSigner, Duration)}. */
    public Builder signOffers(OfferReceiptSigner signer, Duration validity) {
      signsOffers = true;
      gate.signOffers(signer, validity);
      return this;
    }

    /**
     * Lets a payer name its payment (extension {@code payment-identifier}): the same payment gets
     * the same answer again, another one under that name a 409. Answers are kept in memory, or
     * where {@link PaymentIdentifiers#storedIn} says; routes that settle first keep none. Default:
     * off.
     */
    public Builder paymentIdentifiers(PaymentIdentifiers identifiers) {
      namesPayments = true;
      gate.paymentIdentifiers(identifiers);
      return this;
    }

    /**
     * Sells for the {@code Payment} HTTP scheme (MPP), too: see {@link PaymentGate.Builder#mpp}.
     * Needs an https {@link #publicUrl}, or one of this machine. Default: off.
     *
     * @param secret binds challenges to their ids: at least 32 random bytes, the same on all
     *     servers
     * @param former secrets that are still accepted, so that one can be replaced: keep the last one
     *     for as long as a challenge is valid, {@link #maxTimeout}
     * @throws IllegalArgumentException if one is missing or too short
     */
    public Builder mpp(@Nullable String secret, @Nullable String... former) {
      gate.mpp(ChallengeSecrets.of(secret, former));
      challenges = true;
      return this;
    }

    /**
     * Serves what is for sale as documents, free: the list {@value ForSale#LIST} and the OpenAPI
     * document {@value ForSale#OPEN_API}, both below the webapp's path. They name the rules and
     * handlers that are discoverable, and no others. Default: off.
     */
    public Builder publishOffers() {
      publishesOffers = true;
      return this;
    }

    /** Repeats the descriptor of a 402 in the older {@code X-Payment-Required}. Default: off. */
    public Builder olderRequiredHeader() {
      gate.olderRequiredHeader();
      return this;
    }

    /** See {@link PaymentGate.Builder#maxConcurrentVerifications}. Default: 64. */
    public Builder maxConcurrentVerifications(int payments) {
      gate.maxConcurrentVerifications(payments);
      return this;
    }

    /** See {@link PaymentGate.Builder#maxConcurrentSettlements}. Default: 48. */
    public Builder maxConcurrentSettlements(int payments) {
      gate.maxConcurrentSettlements(payments);
      return this;
    }

    /** See {@link PaymentGate.Builder#failuresPerMinute}. Default: 30. */
    public Builder failuresPerMinute(int failures) {
      gate.failuresPerMinute(failures);
      return this;
    }

    /**
     * Sets how long a stop of the webapp waits for the sales in progress. See {@link
     * PaymentFilter#destroy}. Keep it below what your platform leaves a process to end. Default: 20
     * s. Zero does not wait.
     *
     * @throws IllegalArgumentException if it is negative, or more than an hour
     */
    public Builder stopTimeout(Duration timeout) {
      if (timeout.isNegative() || timeout.compareTo(Duration.ofHours(1)) > 0) {
        throw new IllegalArgumentException(
            "stopTimeout: expected zero to one hour, found " + timeout);
      }
      stopTimeout = timeout;
      return this;
    }

    /**
     * Keeps the thread of each held request until its payment is settled. Default: off, so that a
     * request waits asynchronously where its servlet and all filters support that, no filter in
     * front has wrapped the response, and the facilitator settles without the caller's thread.
     */
    public Builder waitInThread() {
      waitsInThread = true;
      return this;
    }

    /** Reads the time from a clock of a test. */
    Builder clock(Clock clock) {
      gate.clock(clock);
      return this;
    }

    /**
     * Returns the filter. The chain is asked when the container initialises it.
     *
     * @throws IllegalStateException if something required was not set
     * @throws IllegalArgumentException if a price does not fit a token, or a descriptor is too long
     */
    public PaymentFilter build() {
      if (publicUrls.isEmpty()) {
        throw new IllegalStateException(
            "publicUrl: expected the URL under which clients see this webapp, found nothing");
      }
      requireSafeUrls();
      PublicUrl publicUrl = publicUrls.get(0);
      addReceipts(publicUrl.origin());
      PaymentGate built = gate.build();
      PriceList prices =
          new PriceList(built, accepted, maxTimeout, publicUrls, headers(), service, routes);
      return new PaymentFilter(
          built,
          routes,
          pathRules,
          prices,
          limits(),
          errors,
          publicUrl.path(),
          stopTimeout,
          !waitsInThread,
          publishesOffers ? new ForSale(prices, publicUrls) : null);
    }

    /** The scheme is for TLS only: who reads a credential on the way could use it first. */
    private void requireSafeUrls() {
      if (challenges && !publicUrls.stream().allMatch(PublicUrl::isSafe)) {
        throw new IllegalStateException(
            "mpp: expected a publicUrl with https://, or with http:// and localhost");
      }
    }

    private void addReceipts(String origin) {
      List<Route> passes =
          routes.all().stream().filter(route -> route.settings().pass() != null).toList();
      if (issuer != null) {
        requireOwnAudience(issuer.audience(), origin);
        gate.issueReceipts(issuer);
      } else if (!passes.isEmpty()) {
        throw new IllegalStateException(
            "route " + passes.get(0) + " sells a pass: expected receipts(issuer), found nothing");
      }
      if (verifier != null) {
        verifier.requireAudience(origin);
        requireOpens(verifier, passes);
        gate.acceptReceipts(verifier);
      } else if (issuer != null) {
        gate.acceptReceipts(ReceiptVerifier.of(TrustedIssuer.self(issuer)));
      }
    }

    /** A receipt for another audience would be refused here, and might be accepted there. */
    private static void requireOwnAudience(String audience, String origin) {
      if (!audience.equals(origin)) {
        throw new IllegalStateException(
            "receipts: the issuer's audience is "
                + audience
                + ", expected the origin of publicUrl, "
                + origin);
      }
    }

    /** A pass that is sold must open its route until it expires. */
    private void requireOpens(ReceiptVerifier accepts, List<Route> passes) {
      if (issuer != null) {
        ReceiptIssuer sells = issuer;
        passes.stream()
            .flatMap(route -> Stream.ofNullable(route.settings().pass()))
            .map(PassTerms::lifetime)
            .max(Duration::compareTo)
            .ifPresent(longest -> accepts.requireOpens(sells, longest));
      }
    }

    private HeaderLimit headers() {
      HeaderLimit headers = HeaderLimit.of(headerLimit, requestHeaderLimit);
      headers = issuer == null ? headers : headers.withReceipts();
      headers = signsOffers ? headers.withStatements() : headers;
      headers = namesPayments ? headers.withIdentifiers() : headers;
      return routes.all().stream().anyMatch(route -> route.settings().pass() != null)
          ? headers.withPasses()
          : headers;
    }

    private HeldLimits limits() {
      HeldLimits limits = HeldLimits.inMemory(bufferLimit);
      if (spillAbove != null) {
        limits = limits.withMemoryBytes(spillAbove);
      }
      return limits;
    }
  }
}
