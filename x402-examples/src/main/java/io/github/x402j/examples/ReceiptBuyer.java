// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.network.LocalPaymentNetwork;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.jspecify.annotations.Nullable;

/**
 * Buys {@code /premium} once through a payment network. Prints each step, and throws {@link
 * IllegalStateException} at the first that does not turn out as it should.
 */
final class ReceiptBuyer {
  private final HttpClient http = HttpClient.newHttpClient();
  private final PrintStream out;
  private final String shop;
  private final Price price;
  private final Token token;
  private final LocalPaymentNetwork network;
  private final TestWallet payer;
  private @Nullable Bought bought;

  private record Bought(String token, Receipt receipt) {}

  ReceiptBuyer(
      PrintStream out,
      String shop,
      Price price,
      Token token,
      LocalPaymentNetwork network,
      TestWallet payer) {
    this.out = out;
    this.shop = shop;
    this.price = price;
    this.token = token;
    this.network = network;
    this.payer = payer;
  }

  /** Asks without a payment, and returns the 402. */
  HttpResponse<String> unpaid() throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(shop + "/premium")).build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    out.println("GET " + request.uri() + "\n-> " + response.statusCode());
    expect(response.statusCode() == 402, "the shop does not ask for a payment");
    return response;
  }

  /**
   * Lets the network pay, and verifies its receipt with the network's public keys.
   *
   * @param where where the descriptor was
   */
  void pay(String where, PaymentRequired asked) throws Exception {
    PaymentRequirements option = asked.accepts().get(0);
    expect(option.amount().equals(price.in(token)), "the shop asks for another price");
    out.println("asked for   " + price + ", says " + where);

    String text = network.pay(asked, "GET", payer);
    out.println("\nthe network pays, and hands out a receipt");
    try (ReceiptVerifier verifier = ReceiptVerifier.of(network.trustedBy(shop))) {
      if (!(verifier.verify(text) instanceof Verdict.Genuine genuine)) {
        throw new IllegalStateException("the network's receipt was rejected");
      }
      print(genuine.receipt());
      bought = new Bought(text, genuine.receipt());
    }
  }

  private void print(Receipt receipt) {
    out.println("genuine     signed by " + receipt.issuer());
    out.println("payer       " + receipt.payer());
    out.println("paid        " + receipt.amount() + " atomic units of " + receipt.asset());
    out.println("to          " + receipt.payTo());
    out.println("transaction " + receipt.transaction() + " on " + receipt.network());
    out.println("for         " + receipt.method() + " " + receipt.route());
    out.println("expires     " + receipt.expiresAt());
  }

  /** Asks again, with the receipt in this header. */
  HttpResponse<String> show(String header) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(shop + "/premium"))
            .header(header, bought().token())
            .build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    out.println("\nGET " + request.uri() + " with the receipt in " + header);
    out.println("-> " + response.statusCode());
    return response;
  }

  /** Requires the content, and that the shop names the receipt's payer and transaction. */
  void requireDelivery(HttpResponse<String> response) throws MalformedPaymentException {
    expect(response.statusCode() == 200, "the receipt buys nothing");
    String body = response.body().strip();
    out.println(body);
    expect(
        body.equals("premium content, paid for by " + bought().receipt().payer()),
        "the content is not what was paid for");
    SettlementResponse settlement =
        PaymentCodec.decodeSettlement(header(response, PaymentHeader.PAYMENT_RESPONSE));
    expect(
        settlement.success() && settlement.transaction().equals(bought().receipt().transaction()),
        "the shop says that something else was settled");
  }

  /** Requires that the receipt is refused because it was used. */
  void requireUsed(HttpResponse<String> response) throws MalformedPaymentException {
    expect(response.statusCode() == 402, "the receipt buys a second answer");
    String error =
        PaymentCodec.decodeRequired(header(response, PaymentHeader.PAYMENT_REQUIRED)).error();
    out.println("refused: " + error);
    expect(
        ErrorReason.RECEIPT_USED.wireCode().equals(error),
        "the receipt is refused for another reason");
  }

  private Bought bought() {
    Bought paid = bought;
    if (paid == null) {
      throw new IllegalStateException("nothing was paid yet");
    }
    return paid;
  }

  static String header(HttpResponse<?> response, String name) {
    return response
        .headers()
        .firstValue(name)
        .orElseThrow(() -> new IllegalStateException("the shop sends no " + name));
  }

  static void expect(boolean comesOut, String otherwise) {
    if (!comesOut) {
      throw new IllegalStateException(otherwise);
    }
  }
}
