// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentHeader;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A response that goes straight out, but for what a handler must not say about the payment. */
final class StreamedResponse extends HttpServletResponseWrapper {
  private static final Set<String> OURS =
      Set.of(
          PaymentHeader.PAYMENT_REQUIRED.toLowerCase(Locale.ROOT),
          PaymentHeader.PAYMENT_RESPONSE.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT_RESPONSE.toLowerCase(Locale.ROOT));

  StreamedResponse(HttpServletResponse response) {
    super(response);
  }

  @Override
  public void setHeader(String name, String value) {
    if (name.equalsIgnoreCase("Cache-Control")) {
      super.setHeader(name, value == null ? "private" : Answers.notShared(List.of(value)));
    } else if (!isOurs(name)) {
      super.setHeader(name, value);
    }
  }

  @Override
  public void addHeader(String name, String value) {
    if (name.equalsIgnoreCase("Cache-Control")) {
      setHeader(name, value);
    } else if (!isOurs(name)) {
      super.addHeader(name, value);
    }
  }

  @Override
  public void reset() {
    throw new IllegalStateException("reset() would drop the receipt of a payment that was settled");
  }

  private static boolean isOurs(String name) {
    return OURS.contains(name.toLowerCase(Locale.ROOT));
  }
}
