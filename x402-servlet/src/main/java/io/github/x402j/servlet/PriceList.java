// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Extension;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.RequestMethod;
import io.github.x402j.ResourceInfo;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.ExtensionPerRequest;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.servlet.RouteSettings.Pricing;
import jakarta.servlet.http.HttpServletRequest;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The priced rules of a webapp, with their descriptors made at the start. Written at the start
 * only.
 */
final class PriceList {
  /** How long the paths may be that a rule sells, escaped: the first whose descriptor fits. */
  private static final int[] PATH_LENGTHS = {2048, 1536, 1024, 768, 512, 256};

  /** A 402 is as long for one purchase as for another. */
  private static final Purchase ANY_PURCHASE = Purchase.of("GET /", "GET");

  /** What is longer has a descriptor without a declaration; up to here all must have theirs. */
  private static final int SHORTEST_ANNOUNCED = 64;

  /** What every descriptor says of the seller. */
  record Service(@Nullable String name, @Nullable String iconUrl) {
    static final Service UNNAMED = new Service(null, null);
  }

  private final PaymentGate gate;
  private final List<AcceptedToken> accepted;
  private final Duration maxTimeout;
  private final List<PublicUrl> publicUrls;
  private final HeaderLimit headers;
  private final Service service;
  private final Routes routes;
  private final Map<Route, PricedRoute> priced = new IdentityHashMap<>();

  /** Those that are discoverable, by name: a framework may add one again. */
  private final Map<String, PricedRoute> handlers = new ConcurrentHashMap<>();

  /**
   * @param accepted the tokens of rules that name none
   * @param maxTimeout of rules that name none
   * @param publicUrls the preferred one first; passes and receipts are for that one
   * @param headers what the descriptors have to fit into
   * @param service who sells
   * @throws IllegalStateException if a priced rule accepts no token
   * @throws IllegalArgumentException if a price does not fit a token, or a descriptor is too long
   */
  PriceList(
      PaymentGate gate,
      List<AcceptedToken> accepted,
      Duration maxTimeout,
      List<PublicUrl> publicUrls,
      HeaderLimit headers,
      Service service,
      Routes routes) {
    this.gate = gate;
    this.accepted = List.copyOf(accepted);
    this.maxTimeout = maxTimeout;
    this.publicUrls = List.copyOf(publicUrls);
    this.headers = headers;
    this.service = service;
    this.routes = routes;
    routes.all().stream().filter(route -> !route.isFree()).forEach(this::add);
  }

  /** Adds a rule at the start. */
  PricedRoute add(Route route) {
    PricedRoute ready = ready(route, route.toString(), true);
    priced.put(route, ready);
    return ready;
  }

  /**
   * Adds the rule of a handler, at the start or later.
   *
   * @param name what sales are recorded under
   */
  PricedRoute addHandler(String name, Route route) {
    PricedRoute ready = ready(route, name, false);
    if (ready.announcement != null) {
      handlers.put(name, ready);
    }
    return ready;
  }

  /** Returns what is discoverable, in the order of its names. */
  List<PricedRoute> discoverable() {
    return Stream.concat(priced.values().stream(), handlers.values().stream())
        .filter(each -> each.announcement != null)
        .sorted(Comparator.comparing(PricedRoute::name))
        .toList();
  }

  private PricedRoute ready(Route route, String name, boolean isFoundByPath) {
    RouteSettings settings = route.settings();
    List<AcceptedToken> tokens = settings.accepted().isEmpty() ? accepted : settings.accepted();
    if (tokens.isEmpty()) {
      throw new IllegalStateException(
          "route "
              + name
              + ": no token and payTo are accepted; say accept(Usdc.BASE, payTo) on the filter or the"
              + " route");
    }
    Duration timeout = settings.timeout() == null ? maxTimeout : settings.timeout();
    try {
      return new PricedRoute(route, name, tokens, timeout, isFoundByPath);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Returns every way to pay with the decimals of its token, for the checks at the start.
   *
   * @param addsHandlers whether handlers are priced later, which accept the filter's tokens
   */
  List<PaymentRequirements> checkedAtStart(boolean addsHandlers) {
    Stream<PaymentRequirements> later =
        addsHandlers ? checkedAtStart(accepted, maxTimeout) : Stream.empty();
    return Stream.concat(priced.values().stream().flatMap(PricedRoute::checkedAtStart), later)
        .distinct()
        .toList();
  }

  private static Stream<PaymentRequirements> checkedAtStart(
      List<AcceptedToken> tokens, Duration timeout) {
    return tokens.stream()
        .map(
            one ->
                one.requirements(new Price(BigDecimal.ONE), timeout)
                    .withDecimals(one.token().decimals()));
  }

  /** Returns the rule that lets the handler of a request price it, empty if there is none. */
  Optional<PricedRoute> findPricedByHandler(CanonicalPath path, String method) {
    return routes.find(path, method).filter(Route::isPricedByHandler).map(this::of);
  }

  /** A priced rule and the path that it is about. */
  record Match(PricedRoute priced, CanonicalPath path) {}

  /** Returns what prices a request; a directory costs what the dearest of its files does. */
  Optional<Match> find(CanonicalPath path, PathRules rules, HttpServletRequest request) {
    List<Match> matches = new ArrayList<>();
    for (CanonicalPath candidate : path.withWelcomeFiles(rules)) {
      Optional<Route> route = routes.find(candidate, request.getMethod());
      if (route.isPresent() && route.get().isPriced()) {
        matches.add(new Match(of(route.get()), candidate));
      }
    }
    return matches.size() < 2
        ? matches.stream().findFirst()
        : matches.stream().max(Comparator.comparing(match -> match.priced().cost(request)));
  }

  /** A request that a priced rule and a handler of a framework share. */
  record Shared(PricedRoute rule, String request) {}

  /**
   * Returns the priced rules that decide on requests of a handler before its framework sees them,
   * each with one such request.
   */
  List<Shared> sharedWith(HandlerPaths paths) {
    List<Shared> shared = new ArrayList<>();
    for (Route route : routes.all()) {
      if (route.isPriced()) {
        SharedPaths.example(routes, route, paths)
            .ifPresent(example -> shared.add(new Shared(of(route), example)));
      }
    }
    return shared;
  }

  /**
   * What lists say of a priced rule.
   *
   * @param template of its paths, within the webapp
   * @param accepts empty where the price depends on the request
   */
  record Listed(
      String method,
      PathTemplate template,
      ResourceInfo resource,
      List<PaymentRequirements> accepts,
      Map<String, Object> extensions,
      Discoverable declared) {}

  private PricedRoute of(Route route) {
    PricedRoute ready = priced.get(route);
    if (ready == null) {
      throw new IllegalStateException("route " + route + " is not on the price list");
    }
    return ready;
  }

  /** A priced rule. What does not depend on the request is computed at the start. */
  final class PricedRoute {
    private final Route route;
    private final List<AcceptedToken> accepted;
    private final Duration maxTimeout;
    private final @Nullable List<PaymentRequirements> fixedOptions;
    private final String name;

    /** Not so for handlers, which frameworks choose by the headers of the request, too. */
    private final boolean isFoundByPath;

    /** Where the price is fixed; for the longest path where the rule has many. */
    private final Map<PublicUrl, Challenge> fixedChallenges = new IdentityHashMap<>();

    /** Null where it is not discoverable. */
    private final @Nullable Announcement announcement;

    /** Where price and path are fixed and it is discoverable, by method. */
    private final Map<PublicUrl, Map<String, Challenge>> announced = new IdentityHashMap<>();

    /** How long a path may be whose descriptor says how it is called, escaped. */
    private int longestAnnounced;

    private final Map<String, Map<String, String>> moreByMethod = new ConcurrentHashMap<>();

    /** How long a path may be, escaped. */
    private int longestPath = PATH_LENGTHS[0];

    private PricedRoute(
        Route route,
        String name,
        List<AcceptedToken> accepted,
        Duration maxTimeout,
        boolean isFoundByPath) {
      this.isFoundByPath = isFoundByPath;
      this.route = route;
      this.name = name;
      this.accepted = accepted;
      this.maxTimeout = maxTimeout;
      this.announcement = Announcement.of(route, isFoundByPath ? "" : name);
      fixedOptions =
          route.settings().pricing() instanceof Pricing.Fixed fixed ? options(fixed.price()) : null;
      for (PublicUrl url : publicUrls) {
        Challenge challenge = longestChallenge(url);
        if (fixedOptions != null) {
          fixedChallenges.put(url, challenge);
        }
        if (announcement != null) {
          announced.put(url, announced(announcement, url));
        }
      }
      PassTerms terms = route.settings().pass();
      if (terms != null) { // so does too long a name
        terms.pass(publicUrls.get(0).path(), route.pattern(), "GET");
      }
    }

    Route route() {
      return route;
    }

    /** Returns what sales are recorded under, and the log calls it. */
    String name() {
      return name;
    }

    /** Returns every way to pay, with some amount. */
    private List<PaymentRequirements> waysToPay() {
      return fixedOptions != null ? fixedOptions : options(new Price(BigDecimal.ONE));
    }

    private Stream<PaymentRequirements> checkedAtStart() {
      return PriceList.checkedAtStart(accepted, maxTimeout);
    }

    /** Returns the challenge for the longest path that it sells. */
    private Challenge longestChallenge(PublicUrl url) {
      if (route.paths().isExact()) {
        Challenge challenge = challenge(url, route.pattern(), waysToPay(), null);
        requireFits(challenge, url.of(route.pattern()).length());
        return challenge;
      }
      for (int length : PATH_LENGTHS) {
        boolean isShortest = length == PATH_LENGTHS[PATH_LENGTHS.length - 1];
        try {
          String path = "/" + "x".repeat(length - 1);
          Challenge challenge = challenge(url, path, waysToPay(), null);
          requireFits(challenge, url.of(path).length());
          longestPath = Math.min(longestPath, length);
          return challenge;
        } catch (IllegalArgumentException tooLong) {
          if (isShortest) {
            throw tooLong;
          }
        }
      }
      throw new AssertionError();
    }

    /**
     * Makes the descriptors that say how it is called, of which there is one for each method where
     * price and path are fixed.
     *
     * @throws IllegalArgumentException if even those of short paths are too long
     */
    private Map<String, Challenge> announced(Announcement announcement, PublicUrl url) {
      Map<String, Challenge> byMethod = new HashMap<>();
      try {
        if (route.paths().isExact()) {
          for (String method : announcement.methods()) {
            Challenge challenge =
                challenge(
                    url,
                    route.pattern(),
                    waysToPay(),
                    announcement.entry(method, url, route.pattern()));
            requireFits(challenge, url.of(route.pattern()).length());
            byMethod.put(method, challenge);
          }
          return fixedOptions == null ? Map.of() : byMethod;
        }
        int longest = longestThatFits(announcement, url);
        longestAnnounced = longestAnnounced == 0 ? longest : Math.min(longestAnnounced, longest);
        return Map.of();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "discoverable: it declares too much: " + e.getMessage(), e);
      }
    }

    private int longestThatFits(Announcement announcement, PublicUrl url) {
      for (int length = longestPath; ; length /= 2) {
        String path = "/" + "x".repeat(length - 1);
        try {
          requireFits(
              challenge(url, path, waysToPay(), announcement.longest(url, length)),
              url.of(path).length());
          return length;
        } catch (IllegalArgumentException tooLong) {
          if (length <= SHORTEST_ANNOUNCED) {
            throw tooLong;
          }
        }
      }
    }

    /** A header that a proxy refuses would be noticed by payers only, after they have paid. */
    private void requireFits(Challenge challenge, int urlLength) {
      Refusal refusal = gate.refusal(challenge, ANY_PURCHASE);
      if (!headers.fits(refusal, urlLength)) {
        throw new IllegalArgumentException(headers.problem(refusal, urlLength));
      }
      if (!headers.fitsPayment(challenge.required())) {
        throw new IllegalArgumentException(headers.problemOfPayment(challenge.required()));
      }
    }

    /** Returns whether a descriptor that names this path, decoded, would be too long. */
    boolean isTooLong(String path) {
      return !route.paths().isExact() && PublicUrl.isLonger(path, longestPath);
    }

    /** Returns how long the headers of its handler may be in answer to a request. */
    int headersOfHandler(HttpServletRequest request, String path) {
      return headers.leftForHandler(PublicUrl.of(publicUrls, request).of(path).length());
    }

    boolean hasFixedPrice() {
      return fixedOptions != null;
    }

    /** Returns the price, for people. */
    String priceText() {
      return route.settings().pricing() instanceof Pricing.Fixed fixed
          ? fixed.price().toString()
          : "a price that depends on the request";
    }

    /**
     * Returns whether what this rule takes pays for a handler, whatever way to pay is chosen. Where
     * both depend on the request it is not known; where this one alone does, a request that is held
     * can still be refused.
     */
    boolean paysFor(PricedRoute handler) {
      List<PaymentRequirements> asked = handler.fixedOptions;
      if (asked == null || fixedOptions == null) {
        return asked != null && !route.settings().settlesFirst();
      }
      return fixedOptions.stream()
          .allMatch(paid -> asked.stream().anyMatch(one -> PaidRequest.isCovered(one, paid)));
    }

    /** Returns what the request costs. */
    List<PaymentRequirements> options(HttpServletRequest request) {
      return fixedOptions != null ? fixedOptions : options(price(request));
    }

    /**
     * Returns the dollars by which prices are compared. Where the price function fails it is more
     * than any price, so that the same failure then closes the gate.
     */
    BigDecimal cost(HttpServletRequest request) {
      try {
        return price(request).dollars();
      } catch (RuntimeException | Error e) {
        return BigDecimal.TEN.pow(18);
      }
    }

    private Price price(HttpServletRequest request) {
      Pricing pricing = route.settings().pricing();
      if (pricing instanceof Pricing.Fixed fixed) {
        return fixed.price();
      }
      if (pricing instanceof Pricing.ByHandler) {
        return HandlerPrices.asked(request);
      }
      if (!(pricing instanceof Pricing.PerRequest dynamic)) {
        throw new IllegalStateException("route " + route + " has no price");
      }
      Price price = dynamic.price().apply(request);
      if (price == null) {
        throw new IllegalStateException("route " + name + ": the price function returned null");
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
      PublicUrl url = PublicUrl.of(publicUrls, request);
      String method = RequestMethod.priced(request.getMethod());
      if (announcement != null && announcement.methods().contains(method)) {
        Challenge announcing = announced.getOrDefault(url, Map.of()).get(method);
        if (announcing != null) {
          return announcing;
        }
        if (route.paths().isExact() || !PublicUrl.isLonger(path, longestAnnounced)) {
          Extension entry = announcement.entry(method, url, path);
          return challenge(url, path, options(request), entry);
        }
      }
      Challenge fixed = fixedChallenges.get(url);
      if (fixed == null) {
        return challenge(url, path, options(request), null);
      }
      return route.paths().isExact() ? fixed : fixed.at(url.of(path));
    }

    /** Returns the 402 for a request that is not paid for. */
    Refusal refusal(HttpServletRequest request, String path) {
      Challenge challenge = challenge(request, path);
      return gate.refusal(challenge, purchase(request, challenge));
    }

    /** Returns what the request buys. */
    Purchase purchase(HttpServletRequest request, Challenge challenge) {
      String bought = PublicUrl.requestName(request, challenge.resource().url());
      Purchase purchase =
          Purchase.of(bought, request.getMethod()).withQuery(request.getQueryString());
      if (!name.equals("/*")) { // that of an annotated servlet, which names nothing
        purchase = purchase.withRoute(name);
      }
      if (fixedOptions != null && isFoundByPath) {
        purchase = purchase.withFixedPrice();
      }
      Duration signInFor = route.settings().signInFor();
      if (signInFor != null) {
        purchase = purchase.withSignIn(signInFor);
      }
      PassTerms terms = route.settings().pass();
      if (terms == null) {
        return purchase;
      }
      Pass pass = terms.pass(publicUrls.get(0).path(), route.pattern(), request.getMethod());
      return purchase.withPass(pass);
    }

    /** Returns the headers for a client that pays, besides the gate's. */
    Map<String, String> more(HttpServletRequest request) {
      if (route.settings().pass() == null) {
        return Map.of();
      }
      String method = request.getMethod();
      return Routes.isOrdinary(method)
          ? moreByMethod.computeIfAbsent(method, this::more)
          : more(method);
    }

    private Map<String, String> more(String method) {
      PassTerms terms = route.settings().pass();
      if (terms == null) {
        return Map.of();
      }
      List<Route> opened =
          terms.group() == null
              ? List.of(route)
              : routes.all().stream().filter(other -> other.sharesPassWith(route)).toList();
      String covers = terms.covers(publicUrls.get(0).path(), opened, method);
      return covers.isEmpty() ? Map.of() : Map.of(PassTerms.COVERS, covers);
    }

    private Challenge challenge(
        PublicUrl url, String path, List<PaymentRequirements> options, @Nullable Extension entry) {
      PaymentRequired required = PaymentRequired.of(resource(url.of(path)), options);
      List<ExtensionPerRequest> extensions =
          route.settings().signInFor() == null ? List.of() : List.of(gate.signInExtension());
      return gate.challenge(
          entry == null ? required : required.withExtension(Discoverable.EXTENSION, entry),
          extensions);
    }

    private ResourceInfo resource(String url) {
      RouteSettings settings = route.settings();
      return new ResourceInfo(
          url,
          settings.description(),
          settings.mimeType(),
          service.name(),
          settings.tags(),
          service.iconUrl(),
          null);
    }

    /** Returns the price where it is the same for every request. */
    Optional<Price> fixedPrice() {
      return route.settings().pricing() instanceof Pricing.Fixed fixed
          ? Optional.of(fixed.price())
          : Optional.empty();
    }

    /** Returns what lists say of it: one entry for each method and template. */
    List<Listed> listed(PublicUrl url) {
      Announcement known = announcement;
      if (known == null) {
        return List.of();
      }
      List<Listed> all = new ArrayList<>();
      for (PathTemplate template : known.templates()) {
        for (String method : known.listedMethods()) {
          Extension entry = known.entry(method, url, template);
          Object named = entry.others().get("routeTemplate");
          all.add(
              new Listed(
                  method,
                  template,
                  resource(named == null ? url.of(template.text()) : url.origin() + named),
                  fixedOptions == null ? List.of() : fixedOptions,
                  Map.of(Discoverable.EXTENSION, entry.toMap()),
                  known.declared()));
        }
      }
      return all;
    }

    private List<PaymentRequirements> options(Price price) {
      PaymentFlow flow =
          route.settings().settlesFirst() ? PaymentFlow.UPFRONT : PaymentFlow.AUTHORIZATION;
      return accepted.stream()
          .map(token -> token.requirements(price, maxTimeout).withFlow(flow))
          .toList();
    }
  }
}
