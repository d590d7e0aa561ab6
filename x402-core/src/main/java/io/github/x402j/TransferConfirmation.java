// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.time.Instant;

/**
 * Looks up on a chain that a receipt's transfer was made. {@code OnChainTransfers} is the
 * implementation. Implementations are safe for use by several threads.
 */
public interface TransferConfirmation {

  /**
   * Returns whether the receipt's transaction succeeded, is deep enough in the chain, and moved at
   * least the price from payer to payee.
   *
   * @throws FacilitatorException if the chain did not answer, or the transaction is not in it or
   *     not deep enough yet
   */
  Answer confirm(AcceptedReceipt receipt) throws FacilitatorException;

  /** Returns how old a transaction may be, more than zero. */
  Duration maxAge();

  /** What the chain says of a receipt's transaction. */
  sealed interface Answer {
    /** The issuer's word is enough; its receipts share a transaction with no payment. */
    record NotNeeded() implements Answer {}

    /**
     * The transfer was made. One receipt may be used for it and no other.
     *
     * @param tooOldFrom the time from which no receipt is accepted for this transaction
     */
    record Confirmed(Instant tooOldFrom) implements Answer {}

    /**
     * There is no such transfer.
     *
     * @param detail for people
     */
    record Refuted(String detail) implements Answer {}
  }
}
