// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;

/** Makes a payment header that another tool sends. */
final class SignedHeader {
  private SignedHeader() {}

  /**
   * Sends the request without a payment, and returns the header line that pays for it.
   *
   * @throws IllegalArgumentException if the server asks for no payment of version 2
   * @throws MalformedPaymentException if the descriptor cannot be read
   * @throws PaymentDeclinedException if none of the offers is within the limit and the tokens
   */
  static String make(HttpRequest request, EvmSigner payer, Price limit, List<Token> tokens)
      throws IOException, InterruptedException, MalformedPaymentException {
    HttpResponse<Void> answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
    String header =
        answer
            .headers()
            .firstValue(PaymentHeader.PAYMENT_REQUIRED)
            .orElseThrow(
                () -> new IllegalArgumentException("no payment asked: " + answer.statusCode()));
    String resource = PaymentCodec.decodeRequired(header).resource().url();
    String descriptor = new String(Base64.getDecoder().decode(header), UTF_8);
    URI url = request.uri();
    AgentWallet wallet =
        AgentWallet.provision("x402", payer, SpendJournal.inMemory())
            .limit(limit, BillingPeriod.EVER)
            .allowedDomains(url.getHost())
            .create();
    Payment payment = Payer.of(wallet, tokens.toArray(Token[]::new)).pay(url, resource, descriptor);
    return PaymentHeader.PAYMENT_SIGNATURE
        + ": "
        + Base64.getEncoder().encodeToString(payment.secretJson().getBytes(UTF_8));
  }
}
