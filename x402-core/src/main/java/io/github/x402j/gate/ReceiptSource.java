// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

/**
 * Issues receipts for settled payments. {@code ReceiptIssuer} is the implementation for signed
 * JWTs. Implementations are safe for use by several threads.
 */
public interface ReceiptSource {

  /**
   * Returns the receipt of a settled payment: a compact JWT. The same payment gets a receipt with
   * the same id each time.
   *
   * @throws IllegalStateException if the payment is not settled
   */
  String issue(VerifiedPayment payment, Purchase purchase);
}
