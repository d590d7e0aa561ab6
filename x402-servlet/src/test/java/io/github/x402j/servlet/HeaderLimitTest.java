// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.extension.PaymentIdentifiers;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** No head is longer than the proxy in front takes, whatever is switched on. */
class HeaderLimitTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static final SigningKey KEY = SigningKey.generated(ReceiptAlgorithm.ES256);
  private static final ReceiptIssuer ISSUER =
      ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL).key(KEY).build();

  private static Map<String, UnaryOperator<PaymentFilter.Builder>> settings() {
    Map<String, UnaryOperator<PaymentFilter.Builder>> all = new LinkedHashMap<>();
    all.put("plain", filter -> filter);
    all.put("receipts", filter -> filter.receipts(ISSUER));
    all.put("older header", PaymentFilter.Builder::olderRequiredHeader);
    all.put("names", filter -> filter.paymentIdentifiers(PaymentIdentifiers.optional()));
    all.put("offers", filter -> filter.signOffers(JwsStatements.of(KEY)));
    all.put("payment scheme", filter -> filter.mpp("a secret of this test with enough bytes"));
    all.put(
        "tokens",
        filter ->
            filter
                .accept(MARKET.token, TestWallet.random().address())
                .accept(MARKET.token, TestWallet.random().address()));
    return all;
  }

  @Test
  void everyHeadFitsAndTheRestIsTheHandlers() throws IOException {
    for (Map.Entry<String, UnaryOperator<PaymentFilter.Builder>> setting : settings().entrySet()) {
      for (Stack stack : new Stack[] {Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW}) {
        heads(stack, setting.getKey(), setting.getValue());
      }
    }
  }

  private static void heads(Stack stack, String name, UnaryOperator<PaymentFilter.Builder> setting)
      throws IOException {
    try (PaidWebapp app =
        PaidWebapp.on(stack, MARKET)
            .routes(
                Route.of("/paid/*").price("$0.01").description("What is sold here"),
                Route.of("/stream/*").price("$0.01").settleFirst())
            .handlers(Map.of("wide", HeaderLimitTest::wide))
            .filter(setting)
            .start()) {
      String longest = longest(app, name);
      TestPayer broke = MARKET.payer();
      broke.goBroke();
      assertFits(app.pay(broke, longest), 402, name);
      TestPayer payer = MARKET.payer();
      int delivered = 0;
      for (int size : new int[] {100, 400, 1_000, 1_500, 2_000, 2_500, 4_000}) {
        RawHttp.Response paid = app.pay(payer, longest + "?size=" + size);
        delivered += paid.status() == 200 ? 1 : 0;
        assertFits(paid, paid.status() == 200 ? 200 : 500, name);
      }
      System.out.printf("%s, %s: %d delivered%n", stack, name, delivered);
      assertThat(delivered).as(name).isBetween(2, 6);
      assertFits(app.pay(payer, "/paid/wide?size=1000"), 200, name);
      delivered++;
      for (int size : new int[] {400, 4_000}) { // charged already: what is too much is left out
        RawHttp.Response streamed = app.pay(payer, "/stream/wide?size=" + size);
        assertFits(streamed, 200, name);
        assertThat(streamed.body()).asString().isEqualTo("paid");
        assertThat(streamed.header("X-Wide") != null).isEqualTo(size == 400);
        delivered++;
      }
      assertThat(payer.balance()).as(name).isEqualTo(1_000_000 - delivered * CENT);
    }
  }

  /** Returns the longest of some paths that is sold. */
  private static String longest(PaidWebapp app, String name) throws IOException {
    String longest = null;
    for (int length : new int[] {20, 250, 500, 760, 1_000, 1_500, 2_000, 3_000}) {
      String path = "/paid/" + "x".repeat(length - 11) + "/wide";
      RawHttp.Response unpaid = app.get(path);
      if (unpaid.status() == 414) {
        continue;
      }
      assertFits(unpaid, 402, name);
      longest = path;
    }
    assertThat(longest).as(name).hasSizeBetween(250, 2_048);
    return longest;
  }

  private static void assertFits(RawHttp.Response response, int status, String name) {
    assertThat(response.status()).as(name).isEqualTo(status);
    assertThat(response.head().length() + 4)
        .as(name + ": " + response.head())
        .isLessThanOrEqualTo(4_096);
  }

  private static void wide(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader("X-Wide", "x".repeat(Integer.parseInt(request.getParameter("size"))));
    response.getWriter().write("paid");
  }

  @Test
  void whatCannotFitFailsTheStart() {
    PaymentFilter.Builder filter =
        MARKET
            .filter(TestWallet.random(), Duration.ofSeconds(1))
            .routes(Route.of("/paid/*").price("$0.01").description("x".repeat(1_800)));
    assertThatThrownBy(filter::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("route /paid/*: a 402 may need ")
        .hasMessageContaining("headerLimit is 4096")
        .hasMessageContaining("shorten the description, or raise headerLimit")
        .hasMessageContaining("proxy_buffer_size");
    filter.headerLimit(8_192).build();
    for (int i = 0; i < 6; i++) { // each is a challenge, too
      filter.accept(MARKET.token, TestWallet.random().address());
    }
    filter.headerLimit(9_000).build();
    filter.mpp("a secret of this test with enough bytes");
    assertThatThrownBy(filter::build).hasMessageContaining("headerLimit is 9000");
    filter.headerLimit(16_384).build();
    assertThatThrownBy(() -> filter.headerLimit(100)).hasMessageContaining("2048 to 16384");
  }

  /** A payment returns the descriptor, so the longest descriptor makes the longest request. */
  @Test
  void thePaymentOfTheLongestDescriptorIsReadByEachContainer() throws IOException {
    for (Stack stack : new Stack[] {Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW}) {
      try (PaidWebapp app =
          PaidWebapp.on(stack, MARKET)
              .routes(Route.of("/paid/it").price("$0.01").description("x".repeat(3_400)))
              .handlers(Map.of("it", (request, response) -> response.getWriter().write("paid")))
              .filter(filter -> filter.headerLimit(8_192))
              .start()) {
        RawHttp.Response paid = app.pay(MARKET.payer(), "/paid/it");
        assertThat(paid.status()).as(stack.toString()).isEqualTo(200);
      }
    }
  }

  @Test
  void aRuleWhosePaymentsWouldBeTooLongFailsTheStart() {
    PaymentFilter.Builder filter =
        MARKET
            .filter(TestWallet.random(), Duration.ofSeconds(1))
            .headerLimit(16_384)
            .routes(Route.of("/paid/it").price("$0.01").description("x".repeat(4_900)));
    assertThatThrownBy(filter::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("route /paid/it: a payment returns what the descriptor announces")
        .hasMessageContaining("requestHeaderLimit is 8192");
    filter.requestHeaderLimit(12_000).build();
    assertThatThrownBy(() -> filter.requestHeaderLimit(20_000))
        .hasMessageContaining("2048 to 17408");
  }
}
