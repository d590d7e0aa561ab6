// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpRequest;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a payment was sent and its outcome is not known: the answer was lost, or the seller
 * does not know it yet, and sending the same payment again did not help. A refusal that comes after
 * a lost answer does not help either: it may be the echo of a settlement. Also thrown when the
 * seller said that the payment was settled, and what it paid for did not come.
 *
 * <p>Do not repeat the request with {@code send}: that would make another payment. Either {@link
 * PayingHttpClient#resend} it, which sends this payment again, or wait until {@link
 * Payment#validBefore()} and read from the chain whether {@link Payment#nonce()} was used.
 *
 * <p>The payment is not serialised with the exception.
 */
public final class PaymentPendingException extends PaymentException {
  private static final long serialVersionUID = 2L;

  private final transient Payment payment;
  private final transient HttpRequest request;

  private PaymentPendingException(
      String message, HttpRequest request, Payment payment, @Nullable Throwable cause) {
    super(message, cause);
    this.request = request;
    this.payment = payment;
  }

  static PaymentPendingException of(
      HttpRequest request, Payment payment, String why, @Nullable Throwable cause) {
    if (payment.settled()) {
      return new PaymentPendingException(
          String.format(
              "a payment of %s to %s was settled by transaction %s, and what it paid for did not"
                  + " come (%s). Send the same payment again with resend. Do not pay again",
              payment.offer().price(), payment.payTo(), payment.transaction().orElse(""), why),
          request,
          payment,
          cause);
    }
    return new PaymentPendingException(
        String.format(
            "the outcome of a payment of %s to %s is not known (%s). Send the same payment again with"
                + " resend, or look up nonce %s on %s after %s. Do not pay again",
            payment.offer().price(),
            payment.payTo(),
            why,
            payment.nonce(),
            payment.network(),
            payment.validBefore()),
        request,
        payment,
        cause);
  }

  /** Returns the payment, with the last settlement response of the seller. */
  public Payment payment() {
    return payment;
  }

  /** Returns the request that was paid for; it does not carry the payment. */
  public HttpRequest request() {
    return request;
  }
}
