// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

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
 * What a server answers to a request that carries no payment.
 *
 * @param required how to pay, null if it asks for no payment
 * @param x402Version of the descriptor, 0 if there is none
 */
record Asked(URI url, int status, @Nullable PaymentRequired required, int x402Version) {
  private static final int PAYMENT_REQUIRED = 402;
  private static final int MAX_BODY = 65_536;

  /**
   * Sends the request, without a payment. Its timeout holds for the headers and for the body, each.
   *
   * @throws MalformedPaymentException if it asks for a payment in a way that cannot be read
   */
  static Asked of(HttpRequest request)
      throws IOException, InterruptedException, MalformedPaymentException {
    HttpResponse<InputStream> response =
        HttpClient.newHttpClient().send(request, Bodies.within(time(request)));
    try (InputStream body = response.body()) {
      Optional<String> header = response.headers().firstValue(PaymentHeader.PAYMENT_REQUIRED);
      if (response.statusCode() != PAYMENT_REQUIRED) {
        return new Asked(request.uri(), response.statusCode(), null, 0);
      }
      if (header.isPresent()) {
        return new Asked(
            request.uri(), PAYMENT_REQUIRED, PaymentCodec.decodeRequired(header.get()), 2);
      }
      byte[] text = body.readNBytes(MAX_BODY + 1);
      if (text.length > MAX_BODY) {
        throw new MalformedPaymentException("the body of the 402 is longer than 64 KiB");
      }
      String json = new String(text, UTF_8);
      int version = PaymentCodec.versionOfRequiredBody(json);
      PaymentRequired required = PaymentCodec.decodeRequiredBody(json);
      return new Asked(request.uri(), PAYMENT_REQUIRED, required, version);
    }
  }

  private static Duration time(HttpRequest request) {
    return request.timeout().orElse(Duration.ofMinutes(1));
  }
}
