// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.mpp.PaymentProblem;

/** Thrown when a credential of the {@code Payment} HTTP scheme buys nothing. */
final class RefusedChargeException extends Exception {
  private static final long serialVersionUID = 1L;

  private final PaymentProblem problem;
  private final ErrorReason reason;

  RefusedChargeException(PaymentProblem problem, ErrorReason reason, String detail) {
    super(detail);
    this.problem = problem;
    this.reason = reason;
  }

  PaymentProblem problem() {
    return problem;
  }

  ErrorReason reason() {
    return reason;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
