// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

/**
 * Thrown by {@link Payments#require} when the request brings no payment that is good: it ends the
 * handler. The {@link PaymentFilter} answers the request with what the client needs to know,
 * whatever becomes of this exception.
 */
public final class PaymentRequiredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PaymentRequiredException() {
    super("the request is answered by the payment filter", null, false, false);
  }
}
