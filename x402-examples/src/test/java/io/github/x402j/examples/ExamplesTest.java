// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.ReceiptStore;
import io.github.x402j.client.SpendingPolicy;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples as a newcomer runs them, and the paying client against the real gate. */
class ExamplesTest {
  private static final TestWallet PAYER = TestWallet.random();
  private static final TestWallet SELLER = TestWallet.random();
  private static final TestWallet GAS = TestWallet.random();

  private static LocalChain chain;
  private static TestUsdc usdc;
  private static Token token;
  private static ExampleServer server;
  private static HttpClient agent;

  @BeforeAll
  static void start() throws Exception {
    chain = LocalChain.start(31337); // a chain that version 1 has no name for
    usdc = chain.deployUsdc();
    usdc.mint(PAYER.address(), 10_000_000);
    chain.fund(GAS.address(), BigInteger.TEN.pow(18));
    token = Demo.token(chain, usdc);
    server =
        ExampleServer.start(
            0,
            "",
            token,
            SELLER.address(),
            EvmFacilitator.builder(
                    token.network(),
                    Web3jChain.at(chain.rpcUrl()),
                    EvmSigner.ofPrivateKey(GAS.privateKey()))
                .build());
    agent =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .signer(EvmSigner.ofPrivateKey(PAYER.privateKey()))
            .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
            .token(token)
            .build();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
    chain.close();
  }

  private static HttpRequest request(String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path)).build();
  }

  @Test
  void onePaymentOpensThePassRouteForTenMinutes() throws Exception {
    HttpClient holder =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .signer(EvmSigner.ofPrivateKey(PAYER.privateKey()))
            .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
            .token(token)
            .receipts(ReceiptStore.inMemory())
            .build();
    HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + "/pass")).build();
    HttpResponse<String> bought = holder.send(request, BodyHandlers.ofString());
    assertThat(Payment.of(bought)).isPresent();
    BigInteger balance = usdc.balanceOf(PAYER.address());
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> again = holder.send(request, BodyHandlers.ofString());
      assertThat(again.statusCode()).isEqualTo(200);
      assertThat(again.body()).isEqualTo(bought.body());
      assertThat(Payment.of(again)).isEmpty();
      assertThat(again.headers().firstValue("X-Payment-Receipt-Remaining")).contains("unlimited");
    }
    assertThat(usdc.balanceOf(PAYER.address())).isEqualTo(balance);
  }

  @Test
  void showsOnePurchaseFromThe402ToTheBalances() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Demo.run(new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("-> 402", "-> 200", "settled in 0x", "moved by exactly $0.01");
  }

  @ParameterizedTest
  @CsvSource({
    "/premium, 10000, premium content",
    "/annotated, 10000, annotated content",
    "/report/7, 20000, report 7"
  })
  void sellsWhatItSays(String path, long price, String content) throws Exception {
    BigInteger before = usdc.balanceOf(SELLER.address());
    assertThat(HttpClient.newHttpClient().send(request(path), BodyHandlers.ofString()).statusCode())
        .isEqualTo(402);
    HttpResponse<String> paid = agent.send(request(path), BodyHandlers.ofString());
    assertThat(paid.statusCode()).isEqualTo(200);
    assertThat(paid.body()).contains(content);
    assertThat(Payment.of(paid).orElseThrow().settled()).isTrue();
    assertThat(usdc.balanceOf(SELLER.address()).subtract(before)).isEqualTo(price);
  }

  @Test
  void takesNothingForAHandlerThatFails() throws Exception {
    BigInteger before = usdc.balanceOf(SELLER.address());
    HttpResponse<String> response = agent.send(request("/fails"), BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(response.body()).doesNotContain("half an answer");
    assertThat(usdc.balanceOf(SELLER.address())).isEqualTo(before);
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
    String header =
        SignedHeader.make(
            request("/premium"),
            EvmSigner.ofPrivateKey(PAYER.privateKey()),
            Price.parse("$0.05"),
            List.of(token));
    int colon = header.indexOf(": ");
    HttpRequest paying =
        HttpRequest.newBuilder(URI.create(server.url() + "/premium"))
            .header(header.substring(0, colon), header.substring(colon + 2))
            .build();
    HttpClient plain = HttpClient.newHttpClient();
    assertThat(plain.send(paying, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    assertThat(plain.send(paying, BodyHandlers.discarding()).statusCode()).isEqualTo(402);
  }
}
