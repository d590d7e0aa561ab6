// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentHeader;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A response that goes straight out, but for what a handler must not say about the payment. */
final class StreamedResponse extends HttpServletResponseWrapper {
  private static final Set<String> OURS =
      Set.of(
          PaymentHeader.PAYMENT_REQUIRED.toLowerCase(Locale.ROOT),
          PaymentHeader.PAYMENT_RESPONSE.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT_RESPONSE.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT_RECEIPT.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT_RECEIPT_REMAINING.toLowerCase(Locale.ROOT),
          PassTerms.COVERS.toLowerCase(Locale.ROOT));

  private final Map<String, String> receipt;

  /**
   * @param receipt the headers that tell the payer of the payment
   */
  StreamedResponse(HttpServletResponse response, Map<String, String> receipt) {
    super(response);
    this.receipt = receipt;
  }

  @Override
  public void setHeader(String name, @Nullable String value) {
    if (isOurs(name)) {
      return;
    }
    if (name.equalsIgnoreCase("Cache-Control")) {
      super.setHeader(name, Answers.cacheable(value == null ? List.of() : List.of(value), receipt));
      return;
    }
    super.setHeader(name, value);
    Answers.keepShared(name, super::addHeader); // ours are appended to, never replaced
  }

  @Override
  public void addHeader(String name, String value) {
    if (name.equalsIgnoreCase("Cache-Control")) {
      List<String> all = new ArrayList<>(getHeaders(name));
      all.add(value);
      super.setHeader(name, Answers.cacheable(all, receipt));
    } else if (!isOurs(name)) {
      super.addHeader(name, value);
    }
  }

  @Override
  public void setIntHeader(String name, int value) {
    setHeader(name, Integer.toString(value));
  }

  @Override
  public void addIntHeader(String name, int value) {
    addHeader(name, Integer.toString(value));
  }

  @Override
  public void setDateHeader(String name, long date) {
    if (!isOurs(name)) {
      super.setDateHeader(name, date);
    }
  }

  @Override
  public void addDateHeader(String name, long date) {
    if (!isOurs(name)) {
      super.addDateHeader(name, date);
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
