// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import java.util.Map;

/**
 * Observes payments: for logs, metrics, accounts. Cannot influence them; what a listener throws is
 * logged and ignored.
 *
 * <p>Methods are called on the thread of the exchange and must return quickly. Use few and bounded
 * values as metric labels: payer addresses are neither.
 */
public interface PaymentListener {

  /**
   * A request is about to be decided on.
   *
   * @param purchase what it buys
   * @return is told how that ends, on the same thread and before the handler runs: {@code
   *     admitted}, {@code granted}, {@code repeated}, {@code payment-required}, {@code unavailable}
   *     (503), {@code refused}, or {@code error}
   */
  default Step admitting(Purchase purchase) {
    return Step.NONE;
  }

  /**
   * The money of a payment is about to move.
   *
   * @return is told how that ends, perhaps on another thread: {@code settled}, {@code failed},
   *     {@code pending}, {@code unavailable}, or {@code error}
   */
  default Step settling(VerifiedPayment payment) {
    return Step.NONE;
  }

  /** A part of an exchange that takes time: for timers and traces. */
  interface Step {
    /** Observes nothing. */
    Step NONE = outcome -> {};

    /** It has ended; called once, with one of a few words. */
    void ended(String outcome);
  }

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

  /**
   * A remote facilitator has said, with its verification or its settlement, what it made of the
   * extensions of a payment. Called after {@link #verified} or {@link #settled}.
   *
   * @param responses by the names of extensions, each an object such as {@code {"status":
   *     "success"}}. The facilitator's own words, 4 KiB at most; JSON as JDK types, immutable
   */
  default void extensionResponses(VerifiedPayment payment, Map<String, Object> responses) {}

  /** It is not known yet whether the money has moved. */
  default void pending(VerifiedPayment payment, Settlement.Pending settlement) {}

  /** A payment was refused, or its settlement failed. */
  default void failed(PaymentRequired required, ErrorReason reason, String detail) {}

  /**
   * The settlement of a payment failed, perhaps on another thread. By default, {@link
   * #failed(PaymentRequired, ErrorReason, String)} is told.
   */
  default void failed(VerifiedPayment payment, ErrorReason reason, String detail) {
    failed(payment.required(), reason, detail);
  }

  /** The money has moved and the delivery failed; the same payment may be sent again. */
  default void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {}

  /** The chain, the facilitator or the ledger did not answer; the gate stayed closed. */
  default void unavailable(PaymentRequired required, String what) {}
}
