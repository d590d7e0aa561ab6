// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;

/**
 * Observes payments: for logs, metrics, accounts. Cannot influence them; what a listener throws is
 * logged and ignored.
 *
 * <p>Methods are called on the thread of the exchange and must return quickly. Use few and bounded
 * values as metric labels: payer addresses are neither.
 */
public interface PaymentListener {

  /** A request came without a payment and was told how to pay. */
  default void offered(PaymentRequired required) {}

  /**
   * A request was let in without a payment; the handler is about to run.
   *
   * @param required what it would have cost
   * @param reason that of the {@link AccessHook}
   */
  default void granted(PaymentRequired required, String reason) {}

  /** A payment was found good; the handler is about to run. */
  default void verified(VerifiedPayment payment) {}

  /** The money has moved. */
  default void settled(VerifiedPayment payment, Settlement.Settled settlement) {}

  /** It is not known yet whether the money has moved. */
  default void pending(VerifiedPayment payment, Settlement.Pending settlement) {}

  /** A payment was refused, or its settlement failed. */
  default void failed(PaymentRequired required, ErrorReason reason, String detail) {}

  /** The money has moved and the delivery failed; the same payment may be sent again. */
  default void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {}

  /** The chain, the facilitator or the ledger did not answer; the gate stayed closed. */
  default void unavailable(PaymentRequired required, String what) {}
}
