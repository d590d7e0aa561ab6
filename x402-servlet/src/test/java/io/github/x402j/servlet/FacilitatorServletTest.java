// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentHeader;
import io.github.x402j.Settlement;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmLocalChecks;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.FacilitatorExtension;
import io.github.x402j.gate.FacilitatorService;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The facilitator over raw HTTP, and a shop that sells through it. */
class FacilitatorServletTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static FacilitatorServlet servlet(Token token) {
    return FacilitatorServlet.of(
        FacilitatorService.builder()
            .ledger(InMemoryPaymentLedger.withCapacity(1000))
            .facilitator(MARKET.facilitator(Duration.ofSeconds(10)))
            .token(token)
            .extension(new Watching())
            .build());
  }

  /** Tells the seller of each payment whether it has seen it verified or settled. */
  private static final class Watching implements FacilitatorExtension {
    @Override
    public String name() {
      return "watching";
    }

    @Override
    public Optional<Map<String, Object>> verified(Payment payment) {
      return Optional.of(Map.of("status", "verified"));
    }

    @Override
    public Optional<Map<String, Object>> settled(Payment payment, Settlement.Settled settlement) {
      return Optional.of(Map.of("status", "settled"));
    }
  }

  private static TestContainer start(Stack stack) {
    FacilitatorServlet servlet = servlet(MARKET.token);
    return TestContainer.on(stack)
        .start(context -> TestContainer.addServlet(context, "facilitator", servlet, "/*"));
  }

  private static RawHttp.Response post(int port, String path, String body, String... headers)
      throws IOException {
    try (RawHttp connection = RawHttp.connect(port)) {
      StringBuilder head = new StringBuilder("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n");
      for (String header : headers) {
        head.append(header).append("\r\n");
      }
      connection.send(
          head + "Content-Length: " + body.length() + "\r\nConnection: close\r\n\r\n" + body);
      return connection.receive(false);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void answersItsFourPathsByTheirMethodsAndNothingElse(Stack stack) throws Exception {
    try (TestContainer container = start(stack)) {
      int port = container.port();
      RawHttp.Response supported = RawHttp.get(port, "/supported");
      assertThat(supported.status()).isEqualTo(200);
      assertThat(supported.text()).contains("\"network\":\"eip155:84532\"");
      assertThat(supported.header("Content-Type")).startsWith("application/json");
      assertThat(RawHttp.get(port, "/health").text()).isEqualTo("{\"status\":\"up\"}");
      assertThat(RawHttp.get(port, "/").status()).isEqualTo(404);
      assertThat(RawHttp.get(port, "/verify/x").status()).isEqualTo(404);
      for (String path : new String[] {"/verify", "/settle"}) {
        RawHttp.Response refused = RawHttp.get(port, path);
        assertThat(refused.status()).isEqualTo(405);
        assertThat(refused.header("Allow")).isEqualTo("POST");
        assertThat(post(port, path, "{}").status()).isEqualTo(400);
        assertThat(post(port, path, "*").status()).isEqualTo(400);
      }
      assertThat(post(port, "/supported", "{}").status()).isEqualTo(405);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void readsNoMoreThanARequestMayHave(Stack stack) throws Exception {
    String long65 = " ".repeat(FacilitatorService.MAX_REQUEST_BYTES + 1);
    try (TestContainer container = start(stack)) {
      assertThat(post(container.port(), "/settle", long65).status()).isEqualTo(413);
      try (RawHttp connection = RawHttp.connect(container.port())) {
        connection.send(
            "POST /verify HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Integer.toHexString(long65.length())
                + "\r\n"
                + long65
                + "\r\n0\r\n\r\n");
        assertThat(connection.receive(false).status()).isEqualTo(413);
      }
      String justFits = " ".repeat(FacilitatorService.MAX_REQUEST_BYTES);
      assertThat(post(container.port(), "/settle", justFits).status()).isEqualTo(400);
    }
  }

  @Test
  void doesNotStartWithATokenThatIsNotOnTheChain() {
    Token elsewhere =
        new Token(
            MARKET.token.network(), Address.parse(TestWallet.random().address()), 6, "USDC", "2");
    FacilitatorServlet servlet = servlet(elsewhere);
    assertThatThrownBy(servlet::init)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("asset");
  }

  /** The whole way: payer, shop, facilitator, chain; the shop holds no gas key and no RPC URL. */
  @ParameterizedTest
  @CsvSource({"2", "1"})
  void aShopWithoutAChainSellsThroughIt(int version) throws Exception {
    TestWallet seller = TestWallet.random();
    TestPayer payer = MARKET.payer();
    List<Object> heard = new CopyOnWriteArrayList<>();
    try (TestContainer facilitator = start(Stack.JETTY)) {
      PaymentFilter filter =
          PaymentFilter.builder()
              .listener(
                  new PaymentListener() {
                    @Override
                    public void extensionResponses(
                        VerifiedPayment payment, Map<String, Object> responses) {
                      heard.add(responses);
                    }
                  })
              .publicUrl(Market.PUBLIC_URL)
              .accept(MARKET.token, seller.address())
              .facilitator(
                  HttpFacilitator.builder(
                          URI.create(facilitator.url()), EvmLocalChecks.withoutChain())
                      .settleIsIdempotent()
                      .requestTimeout(Duration.ofSeconds(10))
                      .build())
              .routes(Route.get("/paid/x").price("$0.01"))
              .build();
      try (TestContainer shop =
          TestContainer.on(Stack.JETTY)
              .start(
                  context -> {
                    TestContainer.addServlet(
                        context,
                        "handlers",
                        new Handlers(
                            Map.of("x", (request, response) -> response.getWriter().write("sold"))),
                        "/paid/*");
                    PaymentFilter.register(context, filter);
                  })) {
        RawHttp.Response unpaid = RawHttp.get(shop.port(), "/paid/x");
        assertThat(unpaid.status()).isEqualTo(402);
        String header =
            version == 2
                ? PaymentHeader.PAYMENT_SIGNATURE
                    + ": "
                    + PaymentCodec.encodePayload(payer.payload(unpaid))
                : payer.headerV1(unpaid);
        RawHttp.Response paid = RawHttp.get(shop.port(), "/paid/x", header);
        assertThat(paid.status()).as(paid.all()).isEqualTo(200);
        assertThat(paid.text()).isEqualTo("sold");
        assertThat(paid.all()).doesNotContainIgnoringCase("extension-responses");
        assertThat(heard)
            .containsExactly(
                Map.of("watching", Map.of("status", "verified")),
                Map.of("watching", Map.of("status", "settled")));
        assertThat(RawHttp.get(shop.port(), "/paid/x", header).status()).isEqualTo(402);
        assertThat(MARKET.balance(seller)).isEqualTo(10_000);
      }
    }
  }
}
