// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The rules that apply without a policy: a request is not paid for twice while the outcome of the
 * first payment is not known, and a host that takes payments without delivering is not paid on.
 */
final class OutcomeRules {
  private static final String MAX_UNDELIVERED = "maxUndelivered";
  private static final String UNRESOLVED_FOR = "unresolvedFor";

  private OutcomeRules() {}

  /**
   * Returns why the payment is declined, empty if it is allowed.
   *
   * @param policies may change what these rules allow
   * @param underWay returns whether the payment with this nonce is still being sent by this process
   */
  static Optional<Declined> objection(
      List<SpendingPolicy> policies,
      ProposedPayment payment,
      OutcomeNotes outcomes,
      Instant now,
      Predicate<String> underWay)
      throws IOException {
    Optional<Declined> unresolved =
        unresolved(unresolvedFor(policies), payment, outcomes, now, underWay);
    return unresolved.isPresent()
        ? unresolved
        : undelivered(maxUndelivered(policies), payment, outcomes);
  }

  private static Optional<Declined> unresolved(
      Duration time,
      ProposedPayment payment,
      OutcomeNotes outcomes,
      Instant now,
      Predicate<String> underWay)
      throws IOException {
    String fingerprint = payment.request().fingerprint();
    if (fingerprint == null) {
      return Optional.empty();
    }
    return outcomes
        .open(fingerprint)
        .filter(open -> !underWay.test(open.nonce()) && now.isBefore(open.time().plus(time)))
        .map(open -> unresolved(open.nonce()));
  }

  /** Returns the reason to decline a payment beside the one with this nonce. */
  static Declined unresolved(String nonce) {
    return Declined.of(
        "unresolved",
        "one payment for a request until its outcome is known",
        "another, and that of " + nonce + " is not known");
  }

  private static Optional<Declined> undelivered(
      int most, ProposedPayment payment, OutcomeNotes outcomes) throws IOException {
    int inARow = outcomes.undeliveredInARow(payment.host());
    return inARow < most
        ? Optional.empty()
        : Optional.of(
            Declined.of(
                "undelivered",
                most + " payments in a row without a delivery",
                "another to " + payment.host() + " after " + inARow));
  }

  private static int maxUndelivered(List<SpendingPolicy> policies) {
    List<String> values = values(policies, MAX_UNDELIVERED);
    return values.isEmpty()
        ? SpendingPolicy.DEFAULT_MAX_UNDELIVERED
        : values.stream()
            .filter(value -> !value.equals(PolicyText.OFF))
            .mapToInt(Integer::parseInt)
            .min()
            .orElse(Integer.MAX_VALUE);
  }

  static Duration unresolvedFor(List<SpendingPolicy> policies) {
    List<String> values = values(policies, UNRESOLVED_FOR);
    return values.isEmpty()
        ? SpendingPolicy.DEFAULT_UNRESOLVED_FOR
        : values.stream()
            .filter(value -> !value.equals(PolicyText.OFF))
            .map(Duration::parse)
            .reduce(Duration.ZERO, (one, other) -> one.compareTo(other) > 0 ? one : other);
  }

  private static List<String> values(List<SpendingPolicy> policies, String name) {
    return policies.stream()
        .flatMap(policy -> policy.rules().stream())
        .filter(rule -> rule.name().equals(name))
        .map(rule -> rule.values().get(0))
        .toList();
  }
}
