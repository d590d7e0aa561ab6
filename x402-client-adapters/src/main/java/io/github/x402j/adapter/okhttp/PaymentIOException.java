// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.okhttp;

import io.github.x402j.client.PaymentException;
import java.io.IOException;

/**
 * A {@link PaymentException} on its way through OkHttp, which knows {@link IOException} only: of
 * another exception {@code Callback.onFailure} gets no more than "canceled", and it ends the thread
 * of the dispatcher, on Android the app. {@link #getCause} is what happened.
 *
 * <p>Nothing that repeats a call after an {@code IOException} should repeat it after this one. If
 * it does all the same, the default rules of the wallet decline a second payment while the outcome
 * of the first is not known.
 */
public final class PaymentIOException extends IOException {
  private static final long serialVersionUID = 1L;

  private final PaymentException payment;

  PaymentIOException(PaymentException payment) {
    super(payment.getMessage(), payment);
    this.payment = payment;
  }

  /** Returns why there is no answer: the payment was declined, or its outcome is not known. */
  @Override
  public synchronized PaymentException getCause() {
    return payment;
  }
}
