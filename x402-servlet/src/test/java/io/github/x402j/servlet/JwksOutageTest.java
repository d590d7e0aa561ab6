// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import io.github.x402j.testing.network.LocalPaymentNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The keys of a payment network are not there when the seller starts, and come later. */
class JwksOutageTest {
  private static final Duration RETRY = Duration.ofSeconds(31);

  private final CountDownLatch fetched = new CountDownLatch(1);

  private static HttpServer server(int port) throws IOException {
    return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
  }

  private static int freePort() throws IOException {
    HttpServer server = server(0);
    server.start();
    server.stop(0);
    return server.getAddress().getPort();
  }

  @Test
  void receiptsWaitAndPaymentsGoOnUntilTheKeysCome() throws Exception {
    int port = freePort();
    ClockAhead clock = new ClockAhead();
    try (Market market = new Market(LocalChain.start(84532));
        LocalPaymentNetwork network = LocalPaymentNetwork.start(market.usdc);
        ReceiptVerifier verifier = ReceiptVerifier.of(List.of(trusted(network, port)), clock);
        PaidWebapp app =
            PaidWebapp.on(Stack.JETTY, market)
                .handlers(Map.of("it", (request, response) -> response.getWriter().write("paid")))
                .filter(filter -> filter.acceptReceipts(verifier))
                .start()) {
      TestWallet wallet = TestWallet.random();
      market.usdc.mint(wallet.address(), 1_000_000);
      String receipt = network.pay(TestPayer.required(app.get("/paid/it")), "GET", wallet);
      for (String header : new String[] {"X-Payment-Receipt: ", "X-Payment: "}) {
        RawHttp.Response waiting = app.get("/paid/it", header + receipt);
        assertThat(waiting.status()).isEqualTo(503);
        assertThat(waiting.header("Retry-After")).isNotNull();
        assertThat(waiting.header("PAYMENT-REQUIRED")).isNull(); // no second payment
      }
      assertThat(app.runs("it")).isZero();
      assertThat(app.pay(market.payer(), "/paid/it").text()).isEqualTo("paid");

      HttpServer keys = keysOf(network, port);
      try {
        clock.goOn(RETRY);
        assertThat(untilItCounts(app, receipt).text()).isEqualTo("paid");
        assertThat(app.get("/paid/it", "X-Payment: " + receipt).status()).isEqualTo(402);
      } finally {
        keys.stop(0);
      }
    }
  }

  private static TrustedIssuer trusted(LocalPaymentNetwork network, int port) {
    return TrustedIssuer.builder(network.issuer(), Market.PUBLIC_URL, ReceiptAlgorithm.ES256)
        .jwksUrl(URI.create("http://127.0.0.1:" + port + "/jwks.json"))
        .build();
  }

  private HttpServer keysOf(LocalPaymentNetwork network, int port) throws Exception {
    String jwks =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(network.jwksUrl()).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    HttpServer server = server(port);
    server.createContext(
        "/jwks.json",
        exchange -> {
          byte[] body = jwks.getBytes(UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
          fetched.countDown();
        });
    server.start();
    return server;
  }

  /** The seller fetches the keys in the background, by itself. */
  private RawHttp.Response untilItCounts(PaidWebapp app, String receipt) throws Exception {
    RawHttp.Response response = app.get("/paid/it", "X-Payment: " + receipt);
    assertThat(fetched.await(20, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 1_000 && response.status() != 200; i++) {
      assertThat(response.status()).isEqualTo(503);
      response = app.get("/paid/it", "X-Payment: " + receipt);
    }
    return response;
  }
}
