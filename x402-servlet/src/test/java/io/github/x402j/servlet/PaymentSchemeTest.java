// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.mpp.ChargeReceipt;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The {@code Payment} HTTP scheme beside x402, on each container and a real chain. */
class PaymentSchemeTest {
  private static final String HMAC_SECRET = "a secret of this test with enough bytes";

  private static final Map<String, Handlers.Handler> HANDLERS =
      Map.of(
          "secret",
          (request, response) -> response.getWriter().write(SECRET),
          "told",
          (request, response) -> {
            response.setHeader("Payment-Receipt", "forged");
            response.setHeader("Cache-Control", "public, max-age=60");
            response.setHeader("Vary", "Accept");
            response.getWriter().write(String.valueOf(request.getHeader("Authorization")));
          },
          "fails",
          (request, response) -> response.sendError(500));

  /** What a security filter in front says to everybody. */
  private static final Filter SECURITY =
      (request, response, chain) -> {
        HttpServletResponse http = (HttpServletResponse) response;
        http.addHeader("WWW-Authenticate", "Basic realm=\"shop\"");
        http.addHeader("WWW-Authenticate", "Bearer");
        chain.doFilter(request, response);
      };

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(HANDLERS)
                  .filter(filter -> filter.mpp(HMAC_SECRET))
                  .site(PaymentSchemeTest::inFront));

  private static void inFront(ServletContext context) {
    FilterRegistration.Dynamic security = context.addFilter("security", SECURITY);
    security.setAsyncSupported(true);
    security.addMappingForUrlPatterns(null, false, "/*");
  }

  private static void assertProblem(RawHttp.Response response, int status, String problem) {
    assertThat(response.status()).isEqualTo(status);
    assertThat(response.header("Content-Type")).startsWith("application/problem+json");
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    assertThat(response.text()).contains("\"https://paymentauth.org/problems/" + problem + '"');
    assertThat(response.header("Payment-Receipt")).isNull();
    assertThat(response.header("PAYMENT-RESPONSE")).isNull();
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void theSameUrlSellsInBothProtocols(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    for (String url : List.of("/paid/secret", "/stream/secret")) {
      RawHttp.Response unpaid = app.get(url);
      assertThat(unpaid.status()).isEqualTo(402);
      assertThat(unpaid.headers("WWW-Authenticate"))
          .contains("Basic realm=\"shop\"", "Bearer")
          .hasSize(3);
      assertThat(unpaid.headers("Access-Control-Expose-Headers").toString())
          .contains("WWW-Authenticate");
      PaymentChallenge challenge =
          PaymentChallenge.parse(unpaid.headers("WWW-Authenticate")).get(0);
      assertThat(challenge.realm()).isEqualTo("shop.example");

      RawHttp.Response other = app.get(url, "Accept-Payment: tempo/charge");
      assertThat(other.headers("WWW-Authenticate"))
          .containsExactly("Basic realm=\"shop\"", "Bearer");
      assertThat(other.header("PAYMENT-REQUIRED")).isNotNull();

      RawHttp.Response paid = app.get(url, payer.authorization(unpaid));
      assertThat(paid.text()).isEqualTo(SECRET);
      assertThat(paid.header("PAYMENT-RESPONSE")).isNull();
      assertThat(paid.header("Cache-Control")).contains("private");
      assertThat(paid.headers("Vary").toString()).contains("Authorization");
      assertThat(paid.headers("Access-Control-Expose-Headers").toString())
          .contains("Payment-Receipt");
      ChargeReceipt receipt =
          ChargeReceipt.parse(Objects.requireNonNull(paid.header("Payment-Receipt")));
      assertThat(receipt.challengeId()).isEqualTo(challenge.id());
      assertThat(RUNNING.market().chain.chainId())
          .isEqualTo(Objects.requireNonNull(receipt.network()).chainId());

      RawHttp.Response x402 = app.get(url, payer.header(unpaid));
      assertThat(x402.text()).isEqualTo(SECRET);
      assertThat(x402.header("Payment-Receipt")).isNull();
      assertThat(x402.header("PAYMENT-RESPONSE")).isNotNull();
    }
    assertThat(payer.balance()).isEqualTo(1_000_000 - 4 * CENT);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aHandlerNeitherForgesAReceiptNorSharesIt(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    for (String url : List.of("/paid/told", "/stream/told")) {
      RawHttp.Response paid = app.get(url, payer.authorization(app.get(url)));
      assertThat(paid.headers("Payment-Receipt")).hasSize(1).doesNotContain("forged");
      assertThat(paid.header("Cache-Control")).contains("private").doesNotContain("public");
      assertThat(paid.headers("Vary").toString()).contains("Accept").contains("Authorization");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void theWebappsOwnCredentialsPassUntouched(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    for (String own : List.of("Bearer token", "Basic eDp5")) {
      RawHttp.Response paid =
          app.get("/paid/told", "Authorization: " + own, payer.header(app.get("/paid/told")));
      assertThat(paid.text()).isEqualTo(own);
      assertThat(app.get("/paid/told", "Authorization: " + own).status()).isEqualTo(402);
      assertThat(app.get("/free/told", "Authorization: " + own).text()).isEqualTo(own);
    }
    String free = "Authorization: Payment of another server's";
    assertThat(app.get("/free/told", free).text()).isEqualTo("Payment of another server's");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void refusalsAreProblems(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/secret");
    String credential = payer.authorization(unpaid);
    assertProblem(app.get("/paid/told", credential), 402, "invalid-challenge");
    assertProblem(app.get("/dear/secret", credential), 402, "invalid-challenge");
    assertProblem(app.get("/paid/secret?x", credential), 402, "invalid-challenge");
    assertProblem(
        app.get("/paid/secret", "Authorization: Payment e30"), 400, "malformed-credential");
    assertThat(app.get("/paid/secret", credential, payer.header(unpaid)).status()).isEqualTo(400);
    assertThat(app.get("/paid/secret", credential, credential).status()).isEqualTo(400);
    assertThat(payer.balance()).isEqualTo(1_000_000);

    assertThat(app.get("/paid/secret", credential).text()).isEqualTo(SECRET);
    RawHttp.Response again = app.get("/paid/secret", credential);
    assertProblem(again, 402, "invalid-challenge");
    assertThat(app.get("/paid/secret", payer.authorization(again)).text()).isEqualTo(SECRET);

    RawHttp.Response failed = app.get("/paid/fails", payer.authorization(app.get("/paid/fails")));
    assertThat(failed.status()).isEqualTo(500);
    assertThat(failed.header("Payment-Receipt")).isNull();
    assertThat(payer.balance()).isEqualTo(1_000_000 - 2 * CENT);
    payer.goBroke();
    assertProblem(
        app.get("/paid/secret", payer.authorization(app.get("/paid/secret"))),
        402,
        "payment-insufficient");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void oneAuthorizationSentInBothProtocolsAtOnceBuysOneDelivery(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get("/paid/secret");
    String credential = payer.authorization(unpaid);
    List<String> both = List.of(credential, TestPayer.sameInX402(unpaid, credential));
    ExecutorService pool = Executors.newFixedThreadPool(16);
    CountDownLatch start = new CountDownLatch(1);
    List<Future<RawHttp.Response>> answers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String header = both.get(i % 2);
      answers.add(
          pool.submit(
              () -> {
                start.await();
                return app.get("/paid/secret", header);
              }));
    }
    start.countDown();
    int delivered = 0;
    for (Future<RawHttp.Response> answer : answers) {
      delivered += answer.get().all().contains(SECRET) ? 1 : 0;
      assertThat(answer.get().status()).isIn(200, 402, 503);
    }
    pool.shutdown();
    assertThat(delivered).isEqualTo(1);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @Test
  void aCredentialGoesOverTlsOnly() {
    PaymentFilter.Builder filter =
        RUNNING
            .market()
            .filter(TestWallet.random(), Duration.ofSeconds(1))
            .routes(Route.of("/paid/*").price("$0.01"))
            .mpp(HMAC_SECRET);
    for (String safe : List.of("https://shop.example", "http://localhost:8080")) {
      filter.publicUrl(safe).build();
    }
    assertThatThrownBy(filter.publicUrl("http://shop.example")::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("mpp: expected a publicUrl with https://, or with http:// and localhost");
  }

  @Test
  void aMissingSecretFailsTheStart() {
    assertThatThrownBy(() -> PaymentFilter.builder().mpp(null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mpp secret: expected at least 32 random bytes")
        .hasMessageContaining("is the environment variable set?");
    assertThatThrownBy(() -> PaymentFilter.builder().mpp("short"))
        .hasMessage("mpp secret: expected at least 32 random bytes, found 5");
  }
}
