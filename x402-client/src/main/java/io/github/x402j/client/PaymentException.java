// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import org.jspecify.annotations.Nullable;

/**
 * Thrown in place of an answer because of a payment: it was {@linkplain PaymentDeclinedException
 * declined}, or its outcome {@linkplain PaymentPendingException is not known}.
 *
 * <p>It is no {@link java.io.IOException}: programs and libraries that repeat a request after one
 * would ask a person again, or pay again. Do not repeat a request after this exception.
 */
public abstract sealed class PaymentException extends RuntimeException
    permits PaymentDeclinedException, PaymentPendingException {
  private static final long serialVersionUID = 1L;

  PaymentException(String message) {
    super(message);
  }

  PaymentException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
