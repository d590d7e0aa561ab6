// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The names of the headers, and the payment that a request brings in them. */
public final class PaymentHeader {
  /** Carries the version 2 descriptor in a 402. */
  public static final String PAYMENT_REQUIRED = "PAYMENT-REQUIRED";

  /** Carries a version 2 payment. */
  public static final String PAYMENT_SIGNATURE = "PAYMENT-SIGNATURE";

  /** Carries the outcome of a version 2 payment. */
  public static final String PAYMENT_RESPONSE = "PAYMENT-RESPONSE";

  /** Carries a version 1 payment. */
  public static final String X_PAYMENT = "X-PAYMENT";

  /** Carries the outcome of a version 1 payment. */
  public static final String X_PAYMENT_RESPONSE = "X-PAYMENT-RESPONSE";

  private PaymentHeader() {}

  /** Returns the name of the response header that answers a payment of this version. */
  public static String responseName(int x402Version) {
    return x402Version == 1 ? X_PAYMENT_RESPONSE : PAYMENT_RESPONSE;
  }

  /** Returns the payment, empty if there is none; a blank header is none. */
  static Optional<PaymentPayload> read(Function<String, List<String>> headers)
      throws MalformedPaymentException {
    Optional<String> v2 = single(headers, PAYMENT_SIGNATURE);
    Optional<String> v1 = single(headers, X_PAYMENT);
    if (v2.isPresent() && v1.isPresent()) {
      throw new MalformedPaymentException(
          "expected one payment header, found " + PAYMENT_SIGNATURE + " and " + X_PAYMENT);
    }
    if (v2.isPresent()) {
      return Optional.of(PaymentCodec.decodePayload(v2.get(), 2));
    }
    return v1.isPresent() ? Optional.of(PaymentCodec.decodePayload(v1.get(), 1)) : Optional.empty();
  }

  private static Optional<String> single(Function<String, List<String>> headers, String name)
      throws MalformedPaymentException {
    List<String> values = headers.apply(name);
    if (values.size() > 1) {
      throw new MalformedPaymentException("expected one " + name + " header, found several");
    }
    return values.stream().filter(value -> !value.isBlank()).map(String::trim).findFirst();
  }
}
