// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Address;
import io.github.x402j.Price;
import io.github.x402j.Token;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A rule: what requests for some path cost.
 *
 * <pre>{@code
 * Route.get("/premium").price("$0.01")
 * Route.of("/report/{id}").price("$0.02").description("A report")
 * Route.of("/report/sample").free()
 * }</pre>
 *
 * <p>Immutable: every method that sets something returns another route. A rule without a method
 * covers all of them, also unknown ones; HEAD counts as GET. Patterns are those of {@link
 * PathPattern}; of several rules that match, the most specific decides.
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
  public static Route of(String pattern) {
    return new Route(PathPattern.parse(pattern), Set.of(), new RouteSettings());
  }

  /** Returns a rule for GET and HEAD. */
  public static Route get(String pattern) {
    return of(pattern).methods("GET");
  }

  /** Returns a rule for POST. */
  public static Route post(String pattern) {
    return of(pattern).methods("POST");
  }

  /**
   * Returns this rule for these methods only; {@code GET} includes HEAD. On its paths, other
   * methods of GET, HEAD, POST, PUT, DELETE and PATCH are left alone; OPTIONS is answered, and any
   * method that no rule names is refused with 405.
   *
   * @throws IllegalArgumentException if there is none, or one is not a method name
   */
  public Route methods(String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException(
          "route " + pattern + ": methods() needs at least one method; without it all are covered");
    }
    Set<String> upper = new TreeSet<>();
    for (String name : names) {
      if (!name.matches("[A-Za-z-]{1,32}")) {
        throw new IllegalArgumentException("route " + pattern + ": \"" + name + "\" is no method");
      }
      upper.add(name.toUpperCase(Locale.ROOT));
    }
    return new Route(pattern, upper, settings);
  }

  /** Returns this rule for its path in any letter case; see {@link PathPattern#ignoringCase()}. */
  public Route ignoringCase() {
    return new Route(pattern.ignoringCase(), methods, settings);
  }

  /**
   * Returns this rule with a price.
   *
   * @param price as {@link Price#parse} takes it
   * @throws IllegalArgumentException if it is not a price
   */
  public Route price(String price) {
    try {
      return price(Price.parse(price));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + pattern + ": " + e.getMessage(), e);
    }
  }

  /** Returns this rule with a price. */
  public Route price(Price price) {
    return with(changed -> changed.setPrice(price, null));
  }

  /**
   * Returns this rule with a price that depends on the request. The function must give the same
   * price for the request without and with its payment. What it throws is answered with 500; the
   * handler does not run then.
   */
  public Route price(Function<HttpServletRequest, Price> price) {
    return with(changed -> changed.setPrice(null, price));
  }

  /** Returns this rule for what costs nothing. */
  public Route free() {
    return with(changed -> changed.setPrice(null, null));
  }

  /**
   * Returns this rule with a token that is accepted here; called again, with a further one. Without
   * it the filter's tokens are accepted.
   *
   * @param payTo who is paid, as {@link Address#parse} takes it
   * @throws IllegalArgumentException if {@code payTo} is no address, or its checksum is wrong
   */
  public Route accept(Token token, String payTo) {
    List<AcceptedToken> all = new ArrayList<>(settings.accepted);
    all.add(AcceptedToken.of(token, payTo));
    return with(changed -> changed.accepted = List.copyOf(all));
  }

  /** Returns this rule with a description of what is sold, for people. */
  public Route description(String text) {
    return with(changed -> changed.description = text);
  }

  /** Returns this rule with the type of the response. */
  public Route mimeType(String type) {
    return with(changed -> changed.mimeType = type);
  }

  /** Returns this rule with another time that a payment may be valid: whole seconds, 10 or more. */
  public Route maxTimeout(Duration timeout) {
    Duration checked = AcceptedToken.requireTimeout(timeout);
    return with(changed -> changed.maxTimeout = checked);
  }

  /**
   * Returns this rule so that the money moves before the handler runs: for responses that stream,
   * and for handlers whose side effects must not happen unpaid.
   *
   * <p>The output is not held back then. If the handler fails, the payer has paid; the same payment
   * may be sent again within its window and gets its delivery for nothing more; of deliveries that
   * break off on their way to the client it gets three.
   */
  public Route settleFirst() {
    return with(changed -> changed.settlesFirst = true);
  }

  /**
   * Returns this rule so that a failed handler's own response (status 400 and above) goes out.
   * Nobody pays for it, so it must hold nothing that is for sale. Without this the client sees the
   * handler's status and nothing else of it.
   */
  public Route deliverErrors() {
    return with(changed -> changed.deliversErrors = true);
  }

  /**
   * Returns this rule so that its payment buys a pass: the receipt opens the rule again, for the
   * same method, any number of times until it expires. The filter needs {@link
   * PaymentFilterBuilder#receipts}.
   *
   * @param lifetime whole seconds, 1 second to 366 days
   * @throws IllegalArgumentException if the lifetime is not in that range
   */
  public Route pass(Duration lifetime) {
    return withPass(lifetime, null);
  }

  /**
   * Returns this rule so that its payment buys a pass for so many requests, besides the one that
   * was paid for; see {@link #pass(Duration)}. A handler that fails takes no use.
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
  public Route passGroup(String name) {
    PassTerms terms = settings.pass;
    if (terms == null) {
      throw new IllegalStateException("route " + pattern + ": passGroup needs pass(...) first");
    }
    return with(changed -> changed.pass = terms.inGroup(name));
  }

  private Route withPass(Duration lifetime, @Nullable Long uses) {
    PassTerms terms;
    try {
      terms = new PassTerms(lifetime, uses, null);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("route " + pattern + ": " + e.getMessage(), e);
    }
    return with(changed -> changed.pass = terms);
  }

  /** Returns this rule with another limit on the held response, in bytes, at least 1. */
  public Route bufferLimit(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "route " + pattern + ": bufferLimit: expected at least 1 byte, found " + bytes);
    }
    return with(changed -> changed.bufferLimit = bytes);
  }

  /** Returns the pattern. */
  public PathPattern pattern() {
    return pattern;
  }

  /** Returns the methods, upper case; empty for all. */
  public Set<String> methods() {
    return methods;
  }

  /** Returns whether requests cost nothing. */
  public boolean isFree() {
    return settings.free;
  }

  RouteSettings settings() {
    return settings;
  }

  /**
   * The method as it came: what a handler does with {@code get} or {@code FOO} is its own affair.
   */
  boolean covers(String method) {
    if (methods.isEmpty()) {
      return true;
    }
    String upper = method.toUpperCase(Locale.ROOT);
    return methods.contains(upper.equals("HEAD") ? "GET" : upper) || methods.contains(upper);
  }

  boolean sharesPassWith(Route other) {
    PassTerms own = settings.pass;
    PassTerms others = other.settings.pass;
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

  private Route with(Consumer<RouteSettings> change) {
    RouteSettings changed = new RouteSettings(settings);
    change.accept(changed);
    return new Route(pattern, methods, changed);
  }
}
