// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One rule of a policy: what it is called and says, which a policy file and the journal keep, and
 * what it declines. Immutable.
 *
 * @param name as in a policy file, such as {@code maxPerDay}
 * @param values in the order in which {@link PolicyText} reads them, without spaces
 * @param limitsAmount whether it limits the amount of a payment
 */
record PolicyRule(String name, List<String> values, boolean limitsAmount, Check check) {

  /** Decides from what is asked and what was spent before. */
  interface Check {
    /** Returns why the payment is declined, empty if it is allowed. */
    Optional<Declined> objection(ProposedPayment payment, WalletState state, Instant now);
  }

  /** How much of a limit is used up. */
  interface Used {
    Dollars by(ProposedPayment payment, WalletState state, Instant now);
  }

  PolicyRule {
    values = List.copyOf(values);
  }

  /** Returns a rule that does not limit the amount. */
  static PolicyRule of(String name, List<String> values, Check check) {
    return new PolicyRule(name, values, false, check);
  }

  /** Returns a rule whose value others read, and which declines nothing by itself. */
  static PolicyRule setting(String name, String... values) {
    return of(name, List.of(values), (payment, state, now) -> Optional.empty());
  }

  /** Returns a limit on the amount: exactly what is left of it is still paid. */
  static PolicyRule atMost(String name, Dollars limit, Used used) {
    return new PolicyRule(
        name,
        List.of(limit.toString()),
        true,
        (payment, state, now) -> {
          Dollars left = limit.minus(used.by(payment, state, now));
          String asked = payment.offer().priceText();
          return payment.price().isMoreThan(left)
              ? Optional.of(new Declined(name, limit.toString(), asked, left.toString()))
              : Optional.empty();
        });
  }
}
