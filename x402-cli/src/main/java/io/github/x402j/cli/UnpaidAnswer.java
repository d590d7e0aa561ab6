// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import io.github.x402j.ReceivedDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request without a payment.
 *
 * @param descriptor the descriptor, null if the server asks for no payment
 */
record UnpaidAnswer(URI url, int status, @Nullable ReceivedDescriptor descriptor) {
  private static final int PAYMENT_REQUIRED = 402;
  private static final int MAX_BODY = 65_536;

  /**
   * Sends the request. Its timeout applies to the headers, and then to the body.
   *
   * @throws MalformedPaymentException if the descriptor cannot be read
   */
  static UnpaidAnswer of(HttpRequest request)
      throws IOException, InterruptedException, MalformedPaymentException {
    HttpResponse<InputStream> response =
        HttpClient.newHttpClient().send(request, TimedBody.within(time(request)));
    try (InputStream body = response.body()) {
      Optional<String> header = response.headers().firstValue(PaymentHeader.PAYMENT_REQUIRED);
      if (response.statusCode() != PAYMENT_REQUIRED) {
        return new UnpaidAnswer(request.uri(), response.statusCode(), null);
      }
      String asked = request.uri().toString();
      ReceivedDescriptor descriptor =
          header.isPresent()
              ? ReceivedDescriptor.ofHeader(header.get(), asked)
              : ReceivedDescriptor.ofBody(
                  TimedBody.text(body, MAX_BODY, "the body of the 402"), asked);
      return new UnpaidAnswer(request.uri(), PAYMENT_REQUIRED, descriptor);
    }
  }

  private static Duration time(HttpRequest request) {
    return request.timeout().orElse(Duration.ofMinutes(1));
  }
}
