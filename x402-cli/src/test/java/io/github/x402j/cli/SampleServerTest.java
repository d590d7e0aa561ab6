// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.ReceiptStore;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The server of {@code x402 serve}: the paying client against the real gate. */
class SampleServerTest {
  private static SampleShop shop;
  private static PayingHttpClient agent;

  @BeforeAll
  static void start() throws Exception {
    shop = SampleShop.open();
    agent = client().build();
  }

  private static PayingHttpClient.Builder client() {
    return PayingHttpClient.over(HttpClient.newHttpClient())
        .signer(payer())
        .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
        .token(shop.token);
  }

  @AfterAll
  static void stop() throws Exception {
    shop.close();
  }

  private static EvmSigner payer() {
    return EvmSigner.ofPrivateKey(shop.payer.privateKey());
  }

  private static HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create(shop.url(path))).build();
  }

  @Test
  void onePaymentOpensThePassRouteForTenMinutes() throws Exception {
    HttpClient holder = client().receipts(ReceiptStore.inMemory()).build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(shop.url("/pass"))).build();
    HttpResponse<String> bought = holder.send(request, BodyHandlers.ofString());
    assertThat(Payment.of(bought)).isPresent();
    BigInteger balance = shop.usdc.balanceOf(shop.payer.address());
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> again = holder.send(request, BodyHandlers.ofString());
      assertThat(again.statusCode()).isEqualTo(200);
      assertThat(again.body()).isEqualTo(bought.body());
      assertThat(Payment.of(again)).isEmpty();
      assertThat(again.headers().firstValue("X-Payment-Receipt-Remaining")).contains("unlimited");
    }
    assertThat(shop.usdc.balanceOf(shop.payer.address())).isEqualTo(balance);
  }

  @ParameterizedTest
  @CsvSource({
    "/premium, 10000, premium content",
    "/annotated, 10000, annotated content",
    "/report/7, 20000, report 7"
  })
  void sellsWhatItSays(String path, long price, String content) throws Exception {
    BigInteger before = shop.sold();
    assertThat(HttpClient.newHttpClient().send(request(path), BodyHandlers.ofString()).statusCode())
        .isEqualTo(402);
    HttpResponse<String> paid = agent.send(request(path), BodyHandlers.ofString());
    assertThat(paid.statusCode()).isEqualTo(200);
    assertThat(paid.body()).contains(content);
    assertThat(Payment.of(paid).orElseThrow().settled()).isTrue();
    assertThat(shop.sold().subtract(before)).isEqualTo(price);
  }

  @Test
  void takesNothingForAHandlerThatFails() throws Exception {
    BigInteger before = shop.sold();
    HttpResponse<String> response = agent.send(request("/fails"), BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).doesNotContain("half an answer");
    assertThat(shop.sold()).isEqualTo(before);
  }

  @Test
  void servesWhatIsFree() throws Exception {
    for (String path : List.of("/free", "/health")) {
      HttpResponse<String> response =
          HttpClient.newHttpClient().send(request(path), BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("PAYMENT-REQUIRED")).isEmpty();
    }
  }

  @Test
  void makesAHeaderForAnotherTool() throws Exception {
    // This client does not learn what became of its payment, so it makes no second one.
    Payment payment = Payment.of(client().build().sign(request("/premium"))).orElseThrow();
    HttpRequest paying =
        HttpRequest.newBuilder(URI.create(shop.url("/premium")))
            .header(payment.headerName(), payment.secretHeaderValue())
            .build();
    HttpClient plain = HttpClient.newHttpClient();
    assertThat(plain.send(paying, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    assertThat(plain.send(paying, BodyHandlers.discarding()).statusCode()).isEqualTo(402);
  }
}
