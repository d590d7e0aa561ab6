// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Duration;
import java.util.function.BiFunction;

/**
 * Decides who gets something priced besides those who pay: grants (an API key, a free quota),
 * refuses (screening), or chooses the recipient (a marketplace). A {@link PaymentListener} only
 * observes.
 *
 * <pre>{@code
 * AccessHook keys =
 *     request ->
 *         request.header("X-Api-Key").filter(known::contains).isPresent()
 *             ? AccessDecision.grant("api-key")
 *             : AccessDecision.charge();
 * }</pre>
 *
 * <p>It is asked on a thread of the gate's, not on that of the request, and has {@link
 * #DEFAULT_TIMEOUT} unless another time is set. A hook that throws, returns null, or takes longer
 * closes the gate: 503, nothing runs, nothing is charged. Of several hooks the first that grants or
 * refuses decides, so screening goes first; of several recipients the first counts.
 *
 * <p>An implementation is safe for use by several threads, and keeps no {@link AccessRequest}: it
 * can be read during the decision only.
 */
@FunctionalInterface
public interface AccessHook {
  /** How long all hooks together may take for a decision by default. */
  Duration DEFAULT_TIMEOUT = Duration.ofSeconds(2);

  /**
   * Decides on a request, before a payment in it is checked. Asked for every request for something
   * priced, with a payment or without.
   *
   * @throws Exception if it cannot decide; the gate stays closed
   */
  AccessDecision decide(AccessRequest request) throws Exception;

  /**
   * Decides on the payer of a payment, receipt or sign-in that was verified, before the handler
   * runs and the money moves. Not asked again for a payment whose money has moved. Default: as
   * usual.
   *
   * @param payment tells the payer; a receipt was paid for earlier, and so was what a payer signs
   *     in for
   * @throws Exception if it cannot decide; the gate stays closed
   */
  default AccessDecision.OnPayer decideOnPayer(AccessRequest request, VerifiedPayment payment)
      throws Exception {
    return AccessDecision.charge();
  }

  /** Returns a hook that decides on payers only: for screening, and for lists of payers. */
  static AccessHook onPayer(
      BiFunction<AccessRequest, VerifiedPayment, AccessDecision.OnPayer> decision) {
    return new AccessHook() {
      @Override
      public AccessDecision decide(AccessRequest request) {
        return AccessDecision.charge();
      }

      @Override
      public AccessDecision.OnPayer decideOnPayer(AccessRequest request, VerifiedPayment payment) {
        return decision.apply(request, payment);
      }
    };
  }
}
