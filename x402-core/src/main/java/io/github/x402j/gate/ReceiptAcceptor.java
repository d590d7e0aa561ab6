// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.AcceptedReceipt;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentRequired;
import io.github.x402j.TransferConfirmation;
import java.time.Duration;

/**
 * Decides whether a receipt is good for what is being bought. {@code ReceiptVerifier} is the
 * implementation for signed JWTs.
 *
 * <p>Implementations are safe for use by several threads. They count nothing: the gate counts uses
 * in its ledger, between {@link #accept} and {@link #confirm}.
 */
public interface ReceiptAcceptor {

  /**
   * Decides on the receipt alone, without a network call and without state.
   *
   * @param token as it came in the header
   * @param required what the request costs
   * @param purchase what is being bought
   * @throws MalformedPaymentException if it is no receipt at all
   * @throws FacilitatorException if the issuer's keys are not known at present
   */
  Decision accept(String token, PaymentRequired required, Purchase purchase)
      throws MalformedPaymentException, FacilitatorException;

  /**
   * Looks the receipt's transaction up, where that is configured; called with a use of the receipt
   * held. What is not configured is confirmed.
   *
   * @throws FacilitatorException if the chain did not answer
   */
  default TransferConfirmation.Answer confirm(AcceptedReceipt receipt) throws FacilitatorException {
    return new TransferConfirmation.Answer.NotNeeded();
  }

  /**
   * Returns how old a transaction may be when a receipt for it is accepted, zero if there are only
   * passes that this seller sold. The gate remembers its own transfers for so long, so that a
   * receipt for one of them buys nothing more.
   */
  default Duration transactionMemory() {
    return Duration.ZERO;
  }

  /** What became of a receipt that was presented. */
  sealed interface Decision {
    /**
     * It is genuine and good for this.
     *
     * @param receipt what it says
     */
    record Accepted(AcceptedReceipt receipt) implements Decision {}

    /**
     * It is not.
     *
     * @param detail for people; repeats nothing of the token
     */
    record Rejected(String detail) implements Decision {}
  }
}
