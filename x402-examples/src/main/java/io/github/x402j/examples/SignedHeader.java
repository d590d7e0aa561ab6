// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/** Makes a payment header by hand, step by step, for sending it with another tool. */
final class SignedHeader {
  private SignedHeader() {}

  /** Asks what the request costs and returns the header line that pays for it; does not send it. */
  static String make(HttpRequest request, EvmSigner payer, Price limit, List<Token> tokens)
      throws Exception {
    HttpResponse<Void> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
    String header =
        answer
            .headers()
            .firstValue(PaymentHeader.PAYMENT_REQUIRED)
            .orElseThrow(
                () -> new IllegalArgumentException("no payment asked: " + answer.statusCode()));
    PaymentRequired required = PaymentCodec.decodeRequired(header);
    for (PaymentRequirements option : required.accepts()) {
      for (Token token : tokens) {
        if (matches(option, token)
            && InspectedOption.objections(option, token).isEmpty()
            && option.amount().compareTo(limit.in(token)) <= 0) {
          return PaymentHeader.PAYMENT_SIGNATURE + ": " + sign(option, token, payer);
        }
      }
    }
    throw new IllegalArgumentException("nothing asked for is within " + limit + " and the tokens");
  }

  private static boolean matches(PaymentRequirements option, Token token) {
    return option.network().equals(token.network()) && option.asset().equals(token.contract());
  }

  private static String sign(PaymentRequirements option, Token token, EvmSigner payer) {
    byte[] nonce = new byte[32];
    new SecureRandom().nextBytes(nonce);
    Instant now = Instant.now();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            payer.address(),
            option.payTo(),
            option.amount(),
            now.minus(PayingHttpClient.BACKDATING),
            now.plus(window(option)),
            "0x" + HexFormat.of().formatHex(nonce));
    return PaymentCodec.encodePayload(
        PaymentPayload.v2(option, ExactEvmPayload.sign(token, authorization, payer).toMap()));
  }

  private static Duration window(PaymentRequirements option) {
    Duration asked = option.maxTimeout();
    return asked.compareTo(PayingHttpClient.MAX_WINDOW) <= 0 ? asked : PayingHttpClient.MAX_WINDOW;
  }
}
