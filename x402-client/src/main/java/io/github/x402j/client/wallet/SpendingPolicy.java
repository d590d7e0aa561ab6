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
import java.io.IOException;
import java.nio.file.Path;
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
  /** How many payments in a row a host may take by default without delivering: 5. */
  public static final int DEFAULT_MAX_UNDELIVERED = 5;

  /** How long a request with an unknown outcome is not paid for again by default: 24 hours. */
  public static final Duration DEFAULT_UNRESOLVED_FOR = Duration.ofHours(24);

  private static final Pattern METHOD = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Duration LONGEST_APPROVAL = Duration.ofDays(30);
  private static final SpendingPolicy EMPTY = new SpendingPolicy(List.of(), List.of());

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

  /**
   * Asks a person above an amount.
   *
   * @param above the highest amount that is paid without asking
   */
  record Threshold(Dollars above, Approval approval) {}

  private final List<PolicyRule> rules;
  private final List<Threshold> thresholds;

  private SpendingPolicy(List<PolicyRule> rules, List<Threshold> thresholds) {
    this.rules = List.copyOf(rules);
    this.thresholds = List.copyOf(thresholds);
  }

  /** Returns the policy that pays nothing. */
  public static SpendingPolicy empty() {
    return EMPTY;
  }

  /**
   * Returns the policy in a YAML file, of which {@code docs/schema} has a JSON schema. Needs {@code
   * org.snakeyaml:snakeyaml-engine} on the class path.
   *
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it is no policy; the message names file, line and key
   */
  public static SpendingPolicy fromFile(Path file) throws IOException {
    try {
      return PolicyFile.read(file);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "policy file: add org.snakeyaml:snakeyaml-engine to the class path", e);
    }
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
    return with(
        PolicyRule.atMost(
            "maxPerPayment", Dollars.of(price), (payment, state, now) -> Dollars.ZERO));
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(@Nullable String price) {
    return maxPerHost(price("maxPerHost", price));
  }

  /** Allows at most this sum for all payments to one host, ever. */
  public SpendingPolicy maxPerHost(Price price) {
    return with(
        PolicyRule.atMost(
            "maxPerHost",
            Dollars.of(price),
            (payment, state, now) -> state.spentAt(payment.host())));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(@Nullable String price) {
    return maxPerHour(price("maxPerHour", price));
  }

  /** Allows at most this sum within any 60 minutes. */
  public SpendingPolicy maxPerHour(Price price) {
    return with(
        PolicyRule.atMost(
            "maxPerHour", Dollars.of(price), (payment, state, now) -> state.spentInLastHour(now)));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(@Nullable String price) {
    return maxPerDay(price("maxPerDay", price));
  }

  /** Allows at most this sum within any 24 hours. */
  public SpendingPolicy maxPerDay(Price price) {
    return with(
        PolicyRule.atMost(
            "maxPerDay", Dollars.of(price), (payment, state, now) -> state.spentInLastDay(now)));
  }

  /** Allows at most this sum, ever. */
  public SpendingPolicy maxTotal(@Nullable String price) {
    return maxTotal(price("maxTotal", price));
  }

  /** Allows at most this sum, ever. */
  public SpendingPolicy maxTotal(Price price) {
    return with(
        PolicyRule.atMost(
            "maxTotal", Dollars.of(price), (payment, state, now) -> state.spentEver()));
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
        PolicyRule.of(
            "hosts",
            allowed.stream().map(HostPattern::text).toList(),
            (payment, state, now) ->
                allowed.stream().anyMatch(pattern -> pattern.matches(payment.host()))
                    ? Optional.empty()
                    : Optional.of(Declined.of("hosts", limit, payment.host()))));
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
    return tokensNamed(
        Stream.of(tokens)
            .map(token -> PolicyText.token(token.network(), token.contract()))
            .toList());
  }

  /**
   * @param names as {@link PolicyText#token} forms them
   */
  SpendingPolicy tokensNamed(List<String> names) {
    return withOneOf(
        "tokens",
        names,
        payment ->
            PolicyText.token(
                payment.offer().token().network(), payment.offer().token().contract()));
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
        PolicyRule.of(
            "rate",
            List.of(String.valueOf(payments), within.toString()),
            (payment, state, now) ->
                state.hasMade(payments, within, now)
                    ? Optional.of(new Declined("rate", limit, "one more", "0"))
                    : Optional.empty()));
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

  /**
   * Lets a payment above this price wait until the owner approves it: the caller gets a {@code
   * PaymentDeclinedException} that names the approval, the owner decides with {@code
   * SpendJournal.approve} or {@code x402 wallet approve}, and the next try for the same request
   * goes through, once. Unlike {@link #approvalAbove(Price, Approval)} it works for all processes,
   * and is kept with the wallet.
   *
   * @param within how long the owner has to decide, and then the caller to try again; more than
   *     zero, at most 30 days
   * @throws IllegalArgumentException if the time is out of its range
   */
  public SpendingPolicy approvalAbove(Price price, Duration within) {
    return waiting(Dollars.of(price), within);
  }

  /** Does what {@link #approvalAbove(Price, Duration)} does for every payment. */
  public SpendingPolicy approvalAlways(Duration within) {
    return waiting(Dollars.ZERO, within);
  }

  private SpendingPolicy waiting(Dollars above, Duration within) {
    requirePositive("approval", within, LONGEST_APPROVAL);
    return with(PolicyRule.setting("approval", above.toString(), within.toString()));
  }

  /**
   * Stops paying a host that took this number of payments in a row without delivering: it refused
   * what was signed, left the outcome open, or settled and answered with an error. A delivery, or
   * {@code SpendJournal.reinstate} with its name, begins anew. Default: {@value
   * #DEFAULT_MAX_UNDELIVERED}; of several the smallest counts.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public SpendingPolicy maxUndelivered(int payments) {
    if (payments < 1) {
      throw new IllegalArgumentException("maxUndelivered: expected at least 1, found " + payments);
    }
    return with(PolicyRule.setting("maxUndelivered", String.valueOf(payments)));
  }

  /** Pays a host however many payments it took without delivering, unless another rule does not. */
  public SpendingPolicy allowUndelivered() {
    return with(PolicyRule.setting("maxUndelivered", PolicyText.OFF));
  }

  /**
   * Declines a second payment for a request whose first has no known outcome, for this time after
   * the first. The request is the same if method, URL and body are. Default: 24 hours; of several
   * the longest counts.
   *
   * @param time more than zero, at most 30 days
   * @throws IllegalArgumentException if it is out of its range
   */
  public SpendingPolicy unresolvedFor(Duration time) {
    requirePositive("unresolvedFor", time, LONGEST_APPROVAL);
    return with(PolicyRule.setting("unresolvedFor", time.toString()));
  }

  /** Pays again for a request whose payment has no known outcome, unless another rule does not. */
  public SpendingPolicy allowUnresolved() {
    return with(PolicyRule.setting("unresolvedFor", PolicyText.OFF));
  }

  private static void requirePositive(String name, Duration time, Duration longest) {
    if (time.isNegative() || time.isZero() || time.compareTo(longest) > 0) {
      throw new IllegalArgumentException(
          name + ": expected more than zero and at most " + longest + ", found " + time);
    }
  }

  /** Returns the policy with the rules of both. */
  public SpendingPolicy and(SpendingPolicy other) {
    List<PolicyRule> allRules = new ArrayList<>(rules);
    allRules.addAll(other.rules);
    List<Threshold> allThresholds = new ArrayList<>(thresholds);
    allThresholds.addAll(other.thresholds);
    return new SpendingPolicy(allRules, allThresholds);
  }

  /** Returns why the rules decline the payment, before any approval; empty if they allow it. */
  Optional<Declined> objection(ProposedPayment payment, WalletState state, Instant now) {
    if (rules.stream().noneMatch(PolicyRule::limitsAmount)) {
      return Optional.of(Declined.noAmountLimit(payment.offer()));
    }
    return rules.stream()
        .flatMap(rule -> rule.check().objection(payment, state, now).stream())
        .findFirst();
  }

  /** Returns the rules that can be kept in a file and in a journal. */
  List<PolicyRule> rules() {
    return rules;
  }

  /** Returns the approvals that the payment needs. */
  List<Threshold> approvalsFor(ProposedPayment payment) {
    return thresholds.stream()
        .filter(threshold -> payment.price().isMoreThan(threshold.above()))
        .toList();
  }

  private <V> SpendingPolicy withOneOf(
      String name, List<V> allowed, Function<ProposedPayment, V> what) {
    if (allowed.isEmpty()) {
      throw new IllegalArgumentException(name + ": expected at least one");
    }
    String limit = text(allowed);
    return with(
        PolicyRule.of(
            name,
            allowed.stream().map(Object::toString).toList(),
            (payment, state, now) -> {
              V asked = what.apply(payment);
              return allowed.contains(asked)
                  ? Optional.empty()
                  : Optional.of(Declined.of(name, limit, asked.toString()));
            }));
  }

  private SpendingPolicy with(PolicyRule rule) {
    List<PolicyRule> more = new ArrayList<>(rules);
    more.add(rule);
    return new SpendingPolicy(more, thresholds);
  }

  private SpendingPolicy with(Threshold threshold) {
    List<Threshold> more = new ArrayList<>(thresholds);
    more.add(threshold);
    return new SpendingPolicy(rules, more);
  }

  private static String text(List<?> values) {
    return values.stream().map(Object::toString).collect(joining(", "));
  }
}
