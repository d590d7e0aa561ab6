// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletRequest;
import java.util.Optional;

/** Gives a handler the payment for its request. */
public final class Payments {
  private Payments() {}

  /**
   * Returns the payment for this request: payer, amount and, where the money has moved already
   * ({@link Route#settleFirst()}), the transaction. Empty in a handler that is free.
   *
   * <p>A client cannot forge it: only the gate can make this object.
   */
  public static Optional<VerifiedPayment> of(ServletRequest request) {
    return PaidRequest.of(request).map(PaidRequest::payment);
  }
}
