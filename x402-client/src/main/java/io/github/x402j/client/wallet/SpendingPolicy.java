// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.Token;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
  private static final SpendingPolicy EMPTY = new SpendingPolicy(List.of(), List.of(), false);

  /**
   * Asks a person above an amount.
   *
   * @param above the highest amount that is paid without asking
   */
  record Threshold(Dollars above, PaymentApproval approval) {}

  private final List<SpendingRule> rules;
  private final List<Threshold> thresholds;
  private final boolean limited;

  private SpendingPolicy(List<SpendingRule> rules, List<Threshold> thresholds, boolean limited) {
    this.rules = List.copyOf(rules);
    this.thresholds = List.copyOf(thresholds);
    this.limited = limited;
  }

  /** Returns the policy that pays nothing. */
  public static SpendingPolicy empty() {
    return EMPTY;
  }

  /** Allows at most this price for one request. */
  public SpendingPolicy maxPerPayment(String price) {
    return maxPerPayment(Price.parse(price));
  }

  /** Allows at most this price for one request. */
  public SpendingPolicy maxPerPayment(Price price) {
    return atMost("maxPerPayment", price, (payment, state, now) -> Dollars.ZERO);
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(String price) {
    return maxPerHost(Price.parse(price));
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(Price price) {
    return atMost("maxPerHost", price, (payment, state, now) -> state.spentAt(payment.host()));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(String price) {
    return maxPerHour(Price.parse(price));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(Price price) {
    return atMost("maxPerHour", price, (payment, state, now) -> state.spentInLastHour(now));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(String price) {
    return maxPerDay(Price.parse(price));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(Price price) {
    return atMost("maxPerDay", price, (payment, state, now) -> state.spentInLastDay(now));
  }

  /** Allows at most this sum, ever. */
  public SpendingPolicy maxTotal(String price) {
    return maxTotal(Price.parse(price));
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
  public SpendingPolicy hosts(String... hosts) {
    return with(SpendingRule.hosts(List.of(hosts)));
  }

  /**
   * Allows these methods only, in the spelling of the requests. Default: any method.
   *
   * @throws IllegalArgumentException if there is none, or one is not a method
   */
  public SpendingPolicy methods(String... methods) {
    return with(SpendingRule.methods(List.of(methods)));
  }

  /**
   * Allows these recipients only. Default: any recipient.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy recipients(Address... recipients) {
    return with(SpendingRule.recipients(List.of(recipients)));
  }

  /**
   * Allows these chains only, of those that the client has tokens on. Default: all of those.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy networks(Network... networks) {
    return with(SpendingRule.networks(List.of(networks)));
  }

  /**
   * Allows these tokens only, of those that the client has. Default: all of those.
   *
   * @throws IllegalArgumentException if there is none
   */
  public SpendingPolicy tokens(Token... tokens) {
    return with(SpendingRule.tokens(List.of(tokens)));
  }

  /**
   * Allows at most this number of payments within any time of this length. Default: any number.
   *
   * @param payments at least 1
   * @param within more than zero, at most 24 hours
   * @throws IllegalArgumentException if one is out of its range
   */
  public SpendingPolicy rate(int payments, Duration within) {
    return with(SpendingRule.rate(payments, within));
  }

  /** Asks before a payment above this price; exactly this price is paid without asking. */
  public SpendingPolicy approvalAbove(String price, PaymentApproval approval) {
    return approvalAbove(Price.parse(price), approval);
  }

  /** Asks before a payment above this price; exactly this price is paid without asking. */
  public SpendingPolicy approvalAbove(Price price, PaymentApproval approval) {
    return with(new Threshold(Dollars.of(price), approval));
  }

  /** Asks before every payment. */
  public SpendingPolicy approvalAlways(PaymentApproval approval) {
    return with(new Threshold(Dollars.ZERO, approval));
  }

  /** Returns the policy with the rules of both. */
  public SpendingPolicy and(SpendingPolicy other) {
    List<SpendingRule> allRules = new ArrayList<>(rules);
    allRules.addAll(other.rules);
    List<Threshold> allThresholds = new ArrayList<>(thresholds);
    allThresholds.addAll(other.thresholds);
    return new SpendingPolicy(allRules, allThresholds, limited || other.limited);
  }

  /** Returns why the rules decline the payment, before any approval; empty if they allow it. */
  Optional<DeclineReason> objection(ProposedPayment payment, WalletState state, Instant now) {
    if (!limited) {
      return Optional.of(DeclineReason.noAmountLimit(payment.offer()));
    }
    return rules.stream().flatMap(rule -> rule.objection(payment, state, now).stream()).findFirst();
  }

  /** Returns the approvals that the payment needs. */
  List<Threshold> approvalsFor(ProposedPayment payment) {
    return thresholds.stream()
        .filter(threshold -> payment.price().isMoreThan(threshold.above()))
        .toList();
  }

  private SpendingPolicy atMost(String name, Price price, SpendingRule.Used used) {
    List<SpendingRule> more = new ArrayList<>(rules);
    more.add(SpendingRule.atMost(name, Dollars.of(price), used));
    return new SpendingPolicy(more, thresholds, true);
  }

  private SpendingPolicy with(SpendingRule rule) {
    List<SpendingRule> more = new ArrayList<>(rules);
    more.add(rule);
    return new SpendingPolicy(more, thresholds, limited);
  }

  private SpendingPolicy with(Threshold threshold) {
    List<Threshold> more = new ArrayList<>(thresholds);
    more.add(threshold);
    return new SpendingPolicy(rules, more, limited);
  }
}
