// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.spring;

import io.github.x402j.PaymentHeader;
import io.github.x402j.client.PaymentPendingException;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The headers and attributes of Spring's requests, read in the way that Spring 6 and 7 share. */
final class SpringHeaders {
  private SpringHeaders() {}

  static HttpHeaders of(org.springframework.http.HttpHeaders headers) {
    Map<String, List<String>> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    headers.forEach(all::put);
    return HttpHeaders.of(all, (name, value) -> true);
  }

  /**
   * Requires that a request carries no payment.
   *
   * @throws IllegalArgumentException if it carries one
   */
  static void requireUnpaid(org.springframework.http.HttpHeaders headers) {
    if (headers.getFirst(PaymentHeader.PAYMENT_SIGNATURE) != null
        || headers.getFirst(PaymentHeader.X_PAYMENT) != null) {
      throw new IllegalArgumentException("request: it already carries a payment");
    }
  }

  /** Returns the payment that a request is to send again. */
  static Optional<PaymentPendingException> pending(Map<String, Object> attributes) {
    return Optional.ofNullable(attributes.get(PaymentPendingException.class.getName()))
        .map(PaymentPendingException.class::cast);
  }
}
