// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
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
 * @param required the descriptor, null if the server asks for no payment
 * @param x402Version the version of the descriptor, 0 if there is none
 */
record UnpaidAnswer(URI url, int status, @Nullable PaymentRequired required, int x402Version) {
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
        return new UnpaidAnswer(request.uri(), response.statusCode(), null, 0);
      }
      if (header.isPresent()) {
        return new UnpaidAnswer(
            request.uri(), PAYMENT_REQUIRED, PaymentCodec.decodeRequired(header.get()), 2);
      }
      String json = TimedBody.text(body, MAX_BODY, "the body of the 402");
      int version = PaymentCodec.versionOfRequiredBody(json);
      PaymentRequired required = PaymentCodec.decodeRequiredBody(json);
      return new UnpaidAnswer(request.uri(), PAYMENT_REQUIRED, required, version);
    }
  }

  private static Duration time(HttpRequest request) {
    return request.timeout().orElse(Duration.ofMinutes(1));
  }
}
