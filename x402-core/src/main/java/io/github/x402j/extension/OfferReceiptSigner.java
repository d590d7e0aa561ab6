// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.util.Map;

/**
 * Signs what the {@code offer-receipt} extension defines, with a key that belongs to the payee.
 * Implementations are safe for use by several threads.
 *
 * <p>A signer may take its time, and may fail: what it does not sign in time goes out unsigned. It
 * is called on threads of the gate. One that waits for a network should put a deadline on that, as
 * two calls that never return leave no thread for further offers.
 */
public interface OfferReceiptSigner {

  /**
   * Returns the signed statement as JSON in JDK types: {@code format}, {@code payload} (EIP-712
   * only) and {@code signature}.
   */
  Map<String, Object> sign(OfferStatement offer);

  /** Returns the signed statement, as for an offer. */
  Map<String, Object> sign(ReceiptStatement receipt);

  /**
   * Returns this signer with receipt statements that do not name the transaction, so that a payer
   * who shows one does not show where the money moved. By default they name it.
   */
  default OfferReceiptSigner withoutTransaction() {
    OfferReceiptSigner signer = this;
    return new OfferReceiptSigner() {
      @Override
      public Map<String, Object> sign(OfferStatement offer) {
        return signer.sign(offer);
      }

      @Override
      public Map<String, Object> sign(ReceiptStatement receipt) {
        return signer.sign(receipt.withoutTransaction());
      }
    };
  }
}
