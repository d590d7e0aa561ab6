// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** The answer to a request that carried a payment. */
final class PaidResponse<T> extends SentResponse<T> {
  private final Payment payment;

  PaidResponse(HttpResponse<T> response, HttpRequest request, Payment payment) {
    super(response, request);
    this.payment = payment;
  }

  Payment payment() {
    return payment;
  }

  @Override
  public String toString() {
    return "PaidResponse["
        + request().method()
        + " "
        + uri()
        + " "
        + statusCode()
        + ", "
        + payment
        + "]";
  }
}
