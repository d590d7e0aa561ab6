// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.stream.Collectors.joining;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.Settings;
import io.github.x402j.Token;
import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules for what may be paid. Each method returns a policy with one more rule; a payment is
 * made only if all rules allow it. Without a limit on the amount nothing is paid.
 *
 * <pre>{@code
 * SpendingPolicy policy =
 *     SpendingPolicy.empty()
 *         .maxPerPayment("$0.05")
 *         .maxPerDay("$2")
 *         .hosts("api.example.com", "*.example.org")
 *         .approvalAbove("$0.02", payment -> askTheOwner(payment));
 * }</pre>
 *
 * <p>Amounts are in US dollars; one token counts as one dollar. Exactly the limit is still paid. A
 * payment counts from when it is allowed until it is known that it can no longer be settled. A rule
 * that is given twice applies twice.
 *
 * <p>The wallet's journal says what was spent, so a limit per day survives a restart if the journal
 * does. A client that is built with a signer and without a wallet counts its own payments, in
 * memory.
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class SpendingPolicy {
  private static final Pattern METHOD = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final SpendingPolicy EMPTY = new SpendingPolicy(List.of(), List.of(), false);

  /**
   * Asks a person whether a payment may be made. Meant to be implemented.
   *
   * <p>It is called before anything is signed, on a thread of the wrapped client's executor, by
   * several threads at once. It may block; no lock is held meanwhile. What it throws goes to the
   * caller of the client, and nothing is paid.
   */
  @FunctionalInterface
  public interface Approval {
    /** Returns whether this one payment may be made. */
    boolean approves(ProposedPayment payment);
  }

  /** Decides from what is asked and what was spent before. */
  private interface Rule {
    /** Returns why the payment is declined, empty if it is allowed. */
    Optional<Declined> objection(ProposedPayment payment, WalletState state, Instant now);
  }

  /** How much of a limit is used up. */
  private interface Used {
    Dollars by(ProposedPayment payment, WalletState state, Instant now);
  }

  /**
   * Asks a person above an amount.
   *
   * @param above the highest amount that is paid without asking
   */
  record Threshold(Dollars above, Approval approval) {}

  private final List<Rule> rules;
  private final List<Threshold> thresholds;
  private final boolean limited;

  private SpendingPolicy(List<Rule> rules, List<Threshold> thresholds, boolean limited) {
    this.rules = List.copyOf(rules);
    this.thresholds = List.copyOf(thresholds);
    this.limited = limited;
  }

  /** Returns the policy that pays nothing. */
  public static SpendingPolicy empty() {
    return EMPTY;
  }

  /** Allows at most this price for one request. */
  public SpendingPolicy maxPerPayment(@Nullable String price) {
    return maxPerPayment(price("maxPerPayment", price));
  }

  private static Price price(String setting, @Nullable String text) {
    try {
      return Price.parse(Settings.require("price", "a price such as $0.01", text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting + ": " + e.getMessage(), e);
    }
  }

  /** Allows at most this price for one request. */
  public SpendingPolicy maxPerPayment(Price price) {
    return atMost("maxPerPayment", price, (payment, state, now) -> Dollars.ZERO);
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(@Nullable String price) {
    return maxPerHost(price("maxPerHost", price));
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(Price price) {
    return atMost("maxPerHost", price, (payment, state, now) -> state.spentAt(payment.host()));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(@Nullable String price) {
    return maxPerHour(price("maxPerHour", price));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(Price price) {
    return atMost("maxPerHour", price, (payment, state, now) -> state.spentInLastHour(now));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(@Nullable String price) {
    return maxPerDay(price("maxPerDay", price));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(Price price) {
    return atMost("maxPerDay", price, (payment, state, now) -> state.spentInLastDay(now));
  }

  /** Allows at most this sum, ever. */
  public SpendingPolicy maxTotal(@Nullable String price) {
    return maxTotal(price("maxTotal", price));
  }

  /** Allows at most this sum, ever. */
  public SpendingPolicy maxTotal(Price price) {
    return atMost("maxTotal", price, (payment, state, now) -> state.spentEver());
  }

  /**
   * Allows these hosts only. Default: any host.
   *
   * @param hosts names such as {@code api.example.com}, or {@code *.example.com} for each host
   *     below {@code example.com}, at any depth, but not that one itself
   * @throws IllegalArgumentException if there is none, or one is not a host
   */
  public SpendingPolicy hosts(@Nullable String... hosts) {
    List<HostPattern> allowed = HostPattern.parse("hosts", hosts);
    String limit = text(allowed);
    return with(
        (payment, state, now) ->
            allowed.stream().anyMatch(pattern -> pattern.matches(payment.host()))
                ? Optional.empty()
                : Optional.of(Declined.of("hosts", limit, payment.host())));
  }

  /**
   * Allows these methods only, in the spelling of the requests. Default: any method.
   *
   * @throws IllegalArgumentException if there is none, or one is not a method
   */
  public SpendingPolicy methods(@Nullable String... methods) {
    if (!Stream.of(methods)
        .allMatch(method -> method != null && METHOD.matcher(method).matches())) {
      throw new IllegalArgumentException("methods: expected names such as GET");
    }
    return withOneOf("methods", List.of(methods), ProposedPayment::method);
  }

  /**
   * Allows these recipients only. Default: any recipient.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy recipients(Address... recipients) {
    return withOneOf("recipients", List.of(recipients), payment -> payment.offer().payTo());
  }

  /**
   * Allows these chains only, of those that the client has tokens on. Default: all of those.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy networks(Network... networks) {
    return withOneOf("networks", List.of(networks), payment -> payment.offer().network());
  }

  /**
   * Allows these tokens only, of those that the client has. Default: all of those.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy tokens(Token... tokens) {
    return withOneOf(
        "tokens",
        Stream.of(tokens).map(SpendingPolicy::text).toList(),
        payment -> text(payment.offer().token()));
  }

  /**
   * Allows at most this number of payments within any time of this length. Default: any number.
   *
   * @param payments at least 1
   * @param within more than zero, at most 24 hours
   * @throws IllegalArgumentException if one is out of its range
   */
  public SpendingPolicy rate(int payments, Duration within) {
    if (payments < 1) {
      throw new IllegalArgumentException("rate: expected at least 1 payment, found " + payments);
    }
    if (within.isNegative() || within.isZero() || within.compareTo(WalletState.REMEMBERED) > 0) {
      throw new IllegalArgumentException(
          "rate: expected more than zero and at most " + WalletState.REMEMBERED);
    }
    String limit = payments + " payments within " + within;
    return with(
        (payment, state, now) ->
            state.hasMade(payments, within, now)
                ? Optional.of(new Declined("rate", limit, "one more", "0"))
                : Optional.empty());
  }

  /** Asks before a payment above this price; exactly this price is paid without asking. */
  public SpendingPolicy approvalAbove(@Nullable String price, Approval approval) {
    return approvalAbove(price("approvalAbove", price), approval);
  }

  /** Asks before a payment above this price; exactly this price is paid without asking. */
  public SpendingPolicy approvalAbove(Price price, Approval approval) {
    return with(new Threshold(Dollars.of(price), approval));
  }

  /** Asks before every payment. */
  public SpendingPolicy approvalAlways(Approval approval) {
    return with(new Threshold(Dollars.ZERO, approval));
  }

  /** Returns the policy with the rules of both. */
  public SpendingPolicy and(SpendingPolicy other) {
    List<Rule> allRules = new ArrayList<>(rules);
    allRules.addAll(other.rules);
    List<Threshold> allThresholds = new ArrayList<>(thresholds);
    allThresholds.addAll(other.thresholds);
    return new SpendingPolicy(allRules, allThresholds, limited || other.limited);
  }

  /** Returns why the rules decline the payment, before any approval; empty if they allow it. */
  Optional<Declined> objection(ProposedPayment payment, WalletState state, Instant now) {
    if (!limited) {
      return Optional.of(Declined.noAmountLimit(payment.offer()));
    }
    return rules.stream().flatMap(rule -> rule.objection(payment, state, now).stream()).findFirst();
  }

  /** Returns the approvals that the payment needs. */
  List<Threshold> approvalsFor(ProposedPayment payment) {
    return thresholds.stream()
        .filter(threshold -> payment.price().isMoreThan(threshold.above()))
        .toList();
  }

  /** Adds a limit on the amount: exactly what is left of it is still paid. */
  private SpendingPolicy atMost(String name, Price price, Used used) {
    Dollars limit = Dollars.of(price);
    SpendingPolicy more =
        with(
            (payment, state, now) -> {
              Dollars left = limit.minus(used.by(payment, state, now));
              String asked = payment.offer().priceText();
              return payment.price().isMoreThan(left)
                  ? Optional.of(new Declined(name, limit.toString(), asked, left.toString()))
                  : Optional.empty();
            });
    return new SpendingPolicy(more.rules, thresholds, true);
  }

  private <V> SpendingPolicy withOneOf(
      String name, List<V> allowed, Function<ProposedPayment, V> what) {
    if (allowed.isEmpty()) {
      throw new IllegalArgumentException(name + ": expected at least one");
    }
    String limit = text(allowed);
    return with(
        (payment, state, now) -> {
          V asked = what.apply(payment);
          return allowed.contains(asked)
              ? Optional.empty()
              : Optional.of(Declined.of(name, limit, asked.toString()));
        });
  }

  private SpendingPolicy with(Rule rule) {
    List<Rule> more = new ArrayList<>(rules);
    more.add(rule);
    return new SpendingPolicy(more, thresholds, limited);
  }

  private SpendingPolicy with(Threshold threshold) {
    List<Threshold> more = new ArrayList<>(thresholds);
    more.add(threshold);
    return new SpendingPolicy(rules, more, limited);
  }

  private static String text(List<?> values) {
    return values.stream().map(Object::toString).collect(joining(", "));
  }

  private static String text(Token token) {
    return token.contract() + " on " + token.network();
  }
}
