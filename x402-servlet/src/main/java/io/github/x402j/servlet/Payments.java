// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletRequest;
import java.util.Optional;

/** Tells a handler about the payment for its request. */
public final class Payments {
  private Payments() {}

  /**
   * Returns the payment for this request: payer, amount and, where the money has moved already
   * ({@link Route#settleFirst()}), the transaction. Empty in a handler that is free.
   *
   * <p>It cannot be forged by a client: it is an object that only the gate can make.
   */
  public static Optional<VerifiedPayment> of(ServletRequest request) {
    return PaidExchange.of(request).map(PaidExchange::payment);
  }
}
