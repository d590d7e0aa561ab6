// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

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
 * What may be paid. Immutable; each method returns a policy with one more rule, and a payment is
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
 * <p>Amounts are in US dollars, one token taken for one dollar; exactly the limit is still paid. A
 * payment counts from when it is allowed, and until it is known that nobody can have it any more. A
 * rule that is given twice holds twice.
 *
 * <p>What counts as spent is what the wallet's journal says, so a limit per day survives a restart
 * if the journal does. A client that is built with a signer and without a wallet counts what it
 * paid itself, in memory.
 */
public final class SpendingPolicy {
  private static final SpendingPolicy EMPTY = new SpendingPolicy(List.of(), List.of(), false);

  /**
   * Asks above an amount.
   *
   * @param above the amount that is still paid without asking
   */
  record Threshold(Dollars above, PaymentApproval approval) {}

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

  /** Allows at most this much for one request. */
  public SpendingPolicy maxPerPayment(String price) {
    return maxPerPayment(Price.parse(price));
  }

  /** Allows at most this much for one request. */
  public SpendingPolicy maxPerPayment(Price price) {
    return atMost("maxPerPayment", price, (payment, spent, now) -> Dollars.ZERO);
  }

  /** Allows at most this much for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(String price) {
    return maxPerHost(Price.parse(price));
  }

  /** Allows at most this much for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(Price price) {
    return atMost("maxPerHost", price, (payment, spent, now) -> spent.spentAt(payment.host()));
  }

  /** Allows at most this much within any sixty minutes. */
  public SpendingPolicy maxPerHour(String price) {
    return maxPerHour(Price.parse(price));
  }

  /** Allows at most this much within any sixty minutes. */
  public SpendingPolicy maxPerHour(Price price) {
    return atMost("maxPerHour", price, (payment, spent, now) -> spent.spentInLastHour(now));
  }

  /** Allows at most this much within any twenty-four hours. */
  public SpendingPolicy maxPerDay(String price) {
    return maxPerDay(Price.parse(price));
  }

  /** Allows at most this much within any twenty-four hours. */
  public SpendingPolicy maxPerDay(Price price) {
    return atMost("maxPerDay", price, (payment, spent, now) -> spent.spentInLastDay(now));
  }

  /** Allows at most this much, ever. */
  public SpendingPolicy maxTotal(String price) {
    return maxTotal(Price.parse(price));
  }

  /** Allows at most this much, ever. */
  public SpendingPolicy maxTotal(Price price) {
    return atMost("maxTotal", price, (payment, spent, now) -> spent.spentEver());
  }

  /**
   * Allows these hosts only.
   *
   * @param hosts names such as {@code api.example.com}, or {@code *.example.com} for each host
   *     below {@code example.com}, at any depth, without that one itself
   * @throws IllegalArgumentException if there is none, or one is no such name
   */
  public SpendingPolicy hosts(String... hosts) {
    return with(Rules.hosts("hosts", List.of(hosts)));
  }

  /** Allows these methods only, spelled as requests spell them. */
  public SpendingPolicy methods(String... methods) {
    return with(Rules.methods(List.of(methods)));
  }

  /** Allows these accounts as recipients only. */
  public SpendingPolicy recipients(Address... recipients) {
    return with(Rules.recipients(List.of(recipients)));
  }

  /** Allows these chains only, of those that the client has tokens on. */
  public SpendingPolicy networks(Network... networks) {
    return with(Rules.networks(List.of(networks)));
  }

  /** Allows these tokens only, of those that the client was told. */
  public SpendingPolicy tokens(Token... tokens) {
    return with(Rules.tokens(List.of(tokens)));
  }

  /**
   * Allows so many payments within any time of this length.
   *
   * @param payments at least 1
   * @param within more than no time, at most 24 hours
   */
  public SpendingPolicy rate(int payments, Duration within) {
    return with(Rules.rate(payments, within));
  }

  /** Asks before a payment of more than this; exactly this much is paid without asking. */
  public SpendingPolicy approvalAbove(String price, PaymentApproval approval) {
    return approvalAbove(Price.parse(price), approval);
  }

  /** Asks before a payment of more than this; exactly this much is paid without asking. */
  public SpendingPolicy approvalAbove(Price price, PaymentApproval approval) {
    List<Threshold> more = new ArrayList<>(thresholds);
    more.add(new Threshold(Dollars.of(price), approval));
    return new SpendingPolicy(rules, more, limited);
  }

  /** Asks before every payment. */
  public SpendingPolicy approvalAlways(PaymentApproval approval) {
    List<Threshold> more = new ArrayList<>(thresholds);
    more.add(new Threshold(Dollars.ZERO, approval));
    return new SpendingPolicy(rules, more, limited);
  }

  /** Returns the policy with the rules of both. */
  public SpendingPolicy and(SpendingPolicy other) {
    List<Rule> allRules = new ArrayList<>(rules);
    allRules.addAll(other.rules);
    List<Threshold> allThresholds = new ArrayList<>(thresholds);
    allThresholds.addAll(other.thresholds);
    return new SpendingPolicy(allRules, allThresholds, limited || other.limited);
  }

  /** Returns why the payment may not be made, whatever people say; empty if it may. */
  Optional<Refusal> refusal(ProposedPayment payment, WalletBook spent, Instant now) {
    if (!limited) {
      return Optional.of(
          new Refusal(
              "policy",
              "nothing, as no limit on the amount is set",
              Rules.asked(payment.offer()),
              "$0"));
    }
    return rules.stream().flatMap(rule -> rule.refusal(payment, spent, now).stream()).findFirst();
  }

  /** Returns whom to ask about the payment. */
  List<Threshold> asks(ProposedPayment payment) {
    return thresholds.stream()
        .filter(threshold -> payment.price().isMoreThan(threshold.above()))
        .toList();
  }

  private SpendingPolicy atMost(String name, Price price, Rules.Used used) {
    List<Rule> more = new ArrayList<>(rules);
    more.add(Rules.atMost(name, Dollars.of(price), used));
    return new SpendingPolicy(more, thresholds, true);
  }

  private SpendingPolicy with(Rule rule) {
    List<Rule> more = new ArrayList<>(rules);
    more.add(rule);
    return new SpendingPolicy(more, thresholds, limited);
  }
}
