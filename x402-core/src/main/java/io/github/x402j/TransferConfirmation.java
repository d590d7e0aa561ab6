// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import io.github.x402j.gate.ReceiptAcceptor;
import java.time.Duration;

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
  ReceiptAcceptor.Confirmation confirm(AcceptedReceipt receipt) throws FacilitatorException;

  /** Returns how old a transaction may be, more than zero. */
  Duration maxAge();
}
