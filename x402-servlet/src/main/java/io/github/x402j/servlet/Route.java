// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Address;
import io.github.x402j.Price;
import io.github.x402j.RequestMethod;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settings;
import io.github.x402j.Token;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.servlet.RouteSettings.Pricing;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A rule: what requests for some paths cost.
 *
 * <pre>{@code
 * Route.get("/premium").price("$0.01")
 * Route.of("/report/{id}").price("$0.02").description("A report")
 * Route.of("/report/sample").free()
 * }</pre>
 *
 * <p>Immutable: every method that sets something returns another route. A rule without methods
 * covers all of them, unknown ones included; HEAD counts as GET.
 *
 * <p>A pattern is written decoded, with a leading slash, without the context path and without a
 * query. {@code {name}} stands for one or more characters of one segment; a segment has one name at
 * most, with text around it ({@code /file-{id}.pdf}). {@code /*} at the end makes a prefix: {@code
 * /api/*} covers {@code /api}, {@code /api/} and everything below. Without it {@code /private}
 * covers {@code /private/} as well, which resource handlers serve as the same file.
 *
 * <p>Of several rules that match, the most specific decides: a path without names and prefix before
 * one with names, and that before a prefix; the longer before the shorter; then the one with
 * literal text in the first segment in which they differ.
 */
public final class Route {
  private final PathPattern pattern;
  private final Set<String> methods;
  private final RouteSettings settings;

  private Route(PathPattern pattern, Set<String> methods, RouteSettings settings) {
    this.pattern = pattern;
    this.methods = Collections.unmodifiableSet(new TreeSet<>(methods));
    this.settings = settings;
  }

  /**
   * Returns a rule for every method.
   *
   * @param pattern a path within the webapp: {@code /exact}, {@code /prefix/*}, {@code
   *     /with/{name}}
   * @throws IllegalArgumentException if it is not a pattern
   */
  public static Route of(@Nullable String pattern) {
    String text = Settings.require("path pattern", "a path with a leading slash", pattern);
    return new Route(PathPattern.parse(text), Set.of(), RouteSettings.NONE);
  }

  /** Returns a rule for GET and HEAD. */
  public static Route get(@Nullable String pattern) {
    return of(pattern).methods("GET");
  }

  /** Returns a rule for POST. */
  public static Route post(@Nullable String pattern) {
    return of(pattern).methods("POST");
  }

  /**
   * Returns this rule for these methods only; {@code GET} includes HEAD. On its paths, other
   * methods of GET, HEAD, POST, PUT, DELETE and PATCH are left alone; OPTIONS is answered, and any
   * method that no rule names is refused with 405.
   *
   * @throws IllegalArgumentException if there is none, or one is not a method name
   */
  public Route methods(@Nullable String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException(
          "route " + pattern + ": methods() needs at least one method; without it all are covered");
    }
    Set<String> upper = new TreeSet<>();
    for (String given : names) {
      String name = Settings.require("route " + pattern + ": methods", "names such as GET", given);
      if (!name.matches("[A-Za-z-]{1,32}")) {
        throw new IllegalArgumentException("route " + pattern + ": \"" + name + "\" is no method");
      }
      upper.add(name.toUpperCase(Locale.ROOT));
    }
    return new Route(pattern, upper, settings);
  }

  /** Returns this rule for its path in any letter case. */
  public Route ignoringCase() {
    return new Route(pattern.ignoringCase(), methods, settings);
  }

  /**
   * Returns this rule with a price.
   *
   * @param price as {@link Price#parse} takes it
   * @throws IllegalArgumentException if it is not a price
   */
  public Route price(@Nullable String price) {
    try {
      return price(Price.parse(price));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + pattern + ": " + e.getMessage(), e);
    }
  }

  /** Returns this rule with a price. */
  public Route price(Price price) {
    return with(settings.withPricing(new Pricing.Fixed(price)));
  }

  /**
   * Returns this rule with a price that depends on the request. The function must give the same
   * price for the request without and with its payment. What it throws is answered with 500; the
   * handler does not run then.
   */
  public Route price(Function<HttpServletRequest, Price> price) {
    return with(settings.withPricing(new Pricing.PerRequest(price)));
  }

  /**
   * Returns this rule for what its handler prices while it runs, by {@link Payments#require}. What
   * it does not ask a payment for is free.
   */
  public Route pricedByHandler() {
    return with(settings.withPricing(new Pricing.ByHandler()));
  }

  /** Returns this rule for what costs nothing. */
  public Route free() {
    return with(settings.withPricing(new Pricing.Free()));
  }

  /**
   * Returns this rule with a token that is accepted here; called again, with a further one.
   * Default: the filter's tokens.
   *
   * @param payTo who is paid, as {@link Address#parse} takes it
   * @throws IllegalArgumentException if {@code payTo} is no address, or its checksum is wrong
   */
  public Route accept(Token token, @Nullable String payTo) {
    List<AcceptedToken> all = new ArrayList<>(settings.accepted());
    all.add(AcceptedToken.of(token, payTo));
    return with(settings.withAccepted(all));
  }

  /** Returns this rule with a description of what is sold, for people. Default: none. */
  public Route description(@Nullable String text) {
    return with(settings.withDescription(require("description", "what is sold", text)));
  }

  /** Returns this rule with the media type of the response. Default: none. */
  public Route mimeType(@Nullable String type) {
    return with(settings.withMimeType(require("mimeType", "a media type", type)));
  }

  /**
   * Returns this rule with what it is about, for lists of services. Default: none.
   *
   * @param tags at most 5, each 1 to 32 printable ASCII characters
   * @throws IllegalArgumentException if they are anything else
   */
  public Route tags(String... tags) {
    List<String> all = List.of(tags);
    try {
      ResourceInfo.of("/").withTags(all);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + pattern + ": " + e.getMessage(), e);
    }
    return with(settings.withTags(all));
  }

  /**
   * Returns this rule with another time limit for payments. Default: the filter's.
   *
   * @param timeout whole seconds, 10 to 3600
   * @throws IllegalArgumentException if it is out of range
   */
  public Route maxTimeout(Duration timeout) {
    return with(settings.withMaxTimeout(AcceptedToken.requireTimeout(timeout)));
  }

  /**
   * Returns this rule with settlement before the handler runs. Use it for responses that stream,
   * and for handlers whose side effects must not happen unpaid. Default: settlement after it.
   *
   * <p>The descriptor announces it ({@code paymentFlow} is {@code upfront}), and a facilitator is
   * not asked to verify first. The output is not held. If the handler fails, the payer has paid,
   * and may send the same payment again within its window at no further cost. So may a payer whose
   * connection breaks, for three deliveries in all.
   */
  public Route settleFirst() {
    return with(settings.withSettleFirst());
  }

  /**
   * Returns this rule with another choice of the errors that go out as the handler made them. An
   * error is not paid for, so it must contain nothing that is for sale. Default: the filter's.
   */
  public Route deliverErrors(ErrorDelivery errors) {
    return with(settings.withErrors(errors));
  }

  /**
   * Returns this rule with a pass: the receipt of a payment opens the rule again, for the same
   * method, any number of times until it expires. It requires {@link
   * PaymentFilter.Builder#receipts}. Default: no pass.
   *
   * @param lifetime whole seconds, 1 second to 366 days
   * @throws IllegalArgumentException if the lifetime is not in that range
   */
  public Route pass(Duration lifetime) {
    return withPass(lifetime, null);
  }

  /**
   * Returns this rule with a pass for a number of requests, besides the one that was paid for; see
   * {@link #pass(Duration)}. A handler that fails takes no use.
   *
   * @param uses at least 1
   */
  public Route pass(Duration lifetime, int uses) {
    return withPass(lifetime, (long) uses);
  }

  /**
   * Returns this rule so that its pass opens every rule of the webapp with the same group, by every
   * method that they cover, and costs at most as much. Call it after {@code pass}; all rules of a
   * group need the same lifetime and number of uses.
   *
   * @param name 1 to 64 letters, digits, dots, hyphens or underscores
   * @throws IllegalStateException if the rule has no pass
   */
  public Route passGroup(@Nullable String name) {
    PassTerms terms = settings.pass();
    if (terms == null) {
      throw new IllegalStateException("route " + pattern + ": passGroup needs pass(...) first");
    }
    return with(settings.withPass(terms.inGroup(require("passGroup", "a name", name))));
  }

  /**
   * Returns this rule so that a payer who has bought one of its resources gets it again without a
   * payment: it signs in with its wallet (extension {@code sign-in-with-x}). That opens the same
   * URL, with the same query, by the same method. It requires a fixed price. Default: each request
   * is paid for.
   *
   * @param time from the payment on: whole seconds, 1 second to 366 days
   * @throws IllegalArgumentException if it is not in that range
   */
  public Route signIn(Duration time) {
    if (time.getNano() != 0 || time.toSeconds() < 1 || time.compareTo(PassTerms.LONGEST) > 0) {
      throw new IllegalArgumentException(
          "route " + pattern + ": signIn: expected whole seconds, 1 to 366 days, found " + time);
    }
    return with(settings.withSignIn(time));
  }

  /**
   * Returns this rule so that its 402 says how it is called (extension {@code bazaar}), with the
   * path of this rule and the method of the request. Facilitators list what is sold so, for agents
   * to find. Default: it does not.
   */
  public Route discoverable() {
    return discoverable(Discoverable.http());
  }

  /**
   * Returns this rule so that its 402 says how it is called; see {@link #discoverable()}.
   *
   * @param declaration what it takes and answers
   */
  public Route discoverable(Discoverable declaration) {
    return with(settings.withDiscoverable(declaration));
  }

  private String require(String setting, String expected, @Nullable String text) {
    return Settings.require("route " + pattern + ": " + setting, expected, text);
  }

  private Route withPass(Duration lifetime, @Nullable Long uses) {
    try {
      return with(settings.withPass(new PassTerms(lifetime, uses, null)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + pattern + ": " + e.getMessage(), e);
    }
  }

  /**
   * Returns this rule with another limit for the held response, in bytes, at least 1. Default: the
   * filter's.
   */
  public Route bufferLimit(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "route " + pattern + ": bufferLimit: expected at least 1 byte, found " + bytes);
    }
    return with(settings.withBufferLimit(bytes));
  }

  /** Returns the pattern, as it was given. */
  public String pattern() {
    return pattern.text();
  }

  PathPattern paths() {
    return pattern;
  }

  /** Returns the methods, upper case; empty for all. */
  public Set<String> methods() {
    return methods;
  }

  /** Returns whether requests cost nothing. */
  public boolean isFree() {
    return settings.pricing() instanceof Pricing.Free;
  }

  /** Returns whether its handler decides on the price while it runs. */
  boolean isPricedByHandler() {
    return settings.pricing() instanceof Pricing.ByHandler;
  }

  /** Returns whether the price is known before the handler runs. */
  boolean isPriced() {
    return !isFree() && !isPricedByHandler();
  }

  RouteSettings settings() {
    return settings;
  }

  /** Ignores letter case, because a handler may take {@code get} for GET. */
  boolean covers(String method) {
    if (methods.isEmpty()) {
      return true;
    }
    String upper = method.toUpperCase(Locale.ROOT);
    return methods.contains(RequestMethod.priced(upper)) || methods.contains(upper);
  }

  boolean sharesPassWith(Route other) {
    PassTerms own = settings.pass();
    PassTerms others = other.settings.pass();
    return own != null
        && others != null
        && own.group() != null
        && own.group().equals(others.group());
  }

  boolean sharesMethodWith(Route other) {
    return methods.isEmpty() == other.methods.isEmpty()
        && (methods.isEmpty() || !Collections.disjoint(methods, other.methods));
  }

  /** Returns the rule as text: methods and pattern. */
  @Override
  public String toString() {
    return (methods.isEmpty() ? "" : String.join(",", methods) + " ") + pattern;
  }

  private Route with(RouteSettings changed) {
    return new Route(pattern, methods, changed);
  }
}
