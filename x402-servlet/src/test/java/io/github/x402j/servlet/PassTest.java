// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentHeader;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One payment that opens a route again: for a time, for a number of requests, for a group. */
class PassTest {
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
  private static final int USES = 5;
  private static final AtomicBoolean failing = new AtomicBoolean();
  private static final ReceiptIssuer ISSUER = issuer();

  static final Route[] ROUTES = {
    Route.of("/paid/*").price("$0.01").pass(TEN_MINUTES),
    Route.of("/cheap/*").price("$0.01").pass(TEN_MINUTES, USES),
    Route.of("/stream/*").price("$0.01").pass(TEN_MINUTES, USES).settleFirst(),
    Route.get("/dear/*").price("$0.05").pass(TEN_MINUTES).passGroup("news"),
    Route.of("/free/*").price("$0.05").pass(TEN_MINUTES).passGroup("news"),
    Route.of("/errors/*").price("$0.01")
  };

  private static ReceiptIssuer issuer() {
    return ReceiptIssuer.builder(Market.PUBLIC_URL, Market.PUBLIC_URL)
        .key(SigningKey.generated(ReceiptAlgorithm.ES256))
        .build();
  }

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.container(c -> c.errorPage(418, "/cheap/errorpage"))
                  .routes(ROUTES)
                  .handlers(handlers())
                  .filter(filter -> filter.receipts(ISSUER).headerLimit(8192)));

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> handlers = new HashMap<>();
    handlers.put(
        "it",
        (request, response) -> {
          if (failing.get()) {
            response.sendError(500);
            return;
          }
          response.setHeader("Cache-Control", "public, max-age=60");
          response.getWriter().write(SECRET);
        });
    handlers.put("teapot", (request, response) -> response.sendError(418));
    handlers.put("errorpage", (request, response) -> response.getWriter().write(SECRET));
    handlers.put(
        "wide",
        (request, response) -> {
          response.setHeader("X-Wide", "x".repeat(3000));
          response.getWriter().write(SECRET);
        });
    return handlers;
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }

  private static String bought(RawHttp.Response paid) {
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.text()).isEqualTo(SECRET);
    return PaymentHeader.X_PAYMENT_RECEIPT + ": " + paid.header(PaymentHeader.X_PAYMENT_RECEIPT);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPassOpensItsRouteAgainForNothingAndWithoutTheChain(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response paid = app.pay(payer, "/paid/it");
    String pass = bought(paid);
    assertThat(paid.header("Cache-Control")).contains("private").contains("no-store");
    assertThat(paid.header("X-Payment-Receipt-Remaining")).isEqualTo("unlimited");
    assertThat(paid.header("X-Payment-Receipt-Covers")).isEqualTo("GET /paid/*");
    assertThat(paid.header("Access-Control-Expose-Headers"))
        .contains("X-Payment-Receipt", "X-Payment-Receipt-Remaining", "X-Payment-Receipt-Covers");
    long balance = payer.balance();
    long asked = RUNNING.market().chain.requests();
    for (String target : new String[] {"/paid/it", "/paid/other/it", "/paid/it?page=2"}) {
      RawHttp.Response again = app.get(target, pass);
      assertThat(again.status()).isEqualTo(200);
      assertThat(again.text()).isEqualTo(SECRET);
      assertThat(again.header("Cache-Control")).isEqualTo("private, max-age=60");
      assertThat(again.header("Vary")).contains("X-Payment-Receipt");
      assertThat(again.header("X-Payment-Receipt-Remaining")).isEqualTo("unlimited");
      assertThat(again.header("X-Payment-Receipt")).isNull();
    }
    assertThat(app.request("HEAD", "/paid/it", pass).status()).isEqualTo(200);
    assertThat(RUNNING.market().chain.requests()).isEqualTo(asked);
    assertThat(payer.balance()).isEqualTo(balance);
  }

  /**
   * An error gives the use back, so the page that the container answers it with is not paid for.
   */
  @ParameterizedTest
  @MethodSource("stacks")
  void aPassWhoseUseWasGivenBackShowsNoPricedErrorPage(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    String pass = bought(app.pay(RUNNING.market().payer(), "/cheap/it"));
    RawHttp.Response error = app.get("/cheap/teapot", pass);
    assertThat(error.status()).isEqualTo(418);
    assertThat(error.all()).doesNotContain(SECRET);
    RawHttp.Response next = app.get("/cheap/it", pass);
    assertThat(next.text()).isEqualTo(SECRET);
    assertThat(next.header("X-Payment-Receipt-Remaining")).isEqualTo("" + (USES - 1));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPassOfAFewUsesCountsThemAndEnds(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    for (String path : new String[] {"/cheap/it", "/stream/it"}) {
      RawHttp.Response paid = app.pay(RUNNING.market().payer(), path);
      String pass = bought(paid);
      assertThat(paid.header("X-Payment-Receipt-Remaining")).isEqualTo("" + USES);
      for (int left = USES - 1; left >= 0; left--) {
        RawHttp.Response again = app.get(path, pass);
        assertThat(again.text()).isEqualTo(SECRET);
        assertThat(again.header("X-Payment-Receipt-Remaining")).isEqualTo("" + left);
      }
      assertRefused(app.get(path, pass));
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void manyAtATimeGetExactlyTheUses(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String pass = bought(app.pay(RUNNING.market().payer(), "/cheap/it"));
    int before = app.runs("it");
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService threads = Executors.newFixedThreadPool(64);
    List<Future<RawHttp.Response>> all = new ArrayList<>();
    try {
      Callable<RawHttp.Response> one =
          () -> {
            start.await();
            return app.get("/cheap/it", pass);
          };
      for (int i = 0; i < 64; i++) {
        all.add(threads.submit(one));
      }
      start.countDown();
      int delivered = 0;
      for (Future<RawHttp.Response> future : all) {
        RawHttp.Response response = future.get();
        if (response.text().contains(SECRET)) {
          delivered++;
        } else {
          assertThat(response.status()).isIn(402, 503);
        }
      }
      assertThat(delivered).isEqualTo(USES);
      assertThat(app.runs("it") - before).isEqualTo(USES);
    } finally {
      threads.shutdownNow();
    }
    assertRefused(app.get("/cheap/it", pass));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aHandlerThatFailsGivesTheUseBack(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    for (String path : new String[] {"/cheap/it", "/stream/it"}) {
      String pass = bought(app.pay(RUNNING.market().payer(), path));
      failing.set(true);
      try {
        for (int i = 0; i < 3; i++) {
          assertThat(app.get(path, pass).status()).isEqualTo(500);
        }
      } finally {
        failing.set(false);
      }
      assertThat(app.get(path, pass).header("X-Payment-Receipt-Remaining"))
          .isEqualTo("" + (USES - 1));
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPassOpensNothingElse(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    TestPayer payer = RUNNING.market().payer();
    String paid = bought(app.pay(payer, "/paid/it"));
    assertRefused(app.request("POST", "/paid/it", paid));
    assertRefused(app.get("/cheap/it", paid));
    assertRefused(app.get("/dear/it", paid));
    assertRefused(app.get("/errors/it", paid));
    String cheap = bought(app.pay(payer, "/cheap/it"));
    assertRefused(app.get("/paid/it", cheap));
    assertRefused(app.get("/stream/it", cheap));
    String group = bought(app.pay(payer, "/dear/it"));
    assertRefused(app.get("/paid/it", group));
    assertRefused(app.get("/errors/it", group));
    assertThat(app.get("/cheap/it", cheap).text()).isEqualTo(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aGroupSharesItsPass(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    RawHttp.Response paid = app.pay(RUNNING.market().payer(), "/dear/it");
    String pass = bought(paid);
    assertThat(paid.header("X-Payment-Receipt-Covers")).isEqualTo("GET /dear/*, /free/*");
    assertThat(app.get("/free/it", pass).text()).isEqualTo(SECRET);
    assertThat(app.request("POST", "/free/it", pass).text()).isEqualTo(SECRET);
    assertThat(app.get("/dear/it", pass).text()).isEqualTo(SECRET);
  }

  /** Or each payment would buy two answers. */
  @ParameterizedTest
  @MethodSource("stacks")
  void theReceiptOfARouteWithoutAPassBuysNothing(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    RawHttp.Response paid = app.pay(RUNNING.market().payer(), "/errors/it");
    String proof = bought(paid);
    assertThat(paid.header("X-Payment-Receipt-Remaining")).isNull();
    assertThat(paid.header("X-Payment-Receipt-Covers")).isNull();
    assertRefused(app.get("/errors/it", proof));
    assertRefused(app.get("/errors/it", proof.replace("X-Payment-Receipt", "X-Payment")));
    assertRefused(app.get("/paid/it", proof));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPassOfAnotherSellerOpensNothing(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    try (PaidWebapp other =
        PaidWebapp.on(Stack.JETTY, RUNNING.market())
            .routes(ROUTES)
            .handlers(Map.of("it", (request, response) -> response.getWriter().write(SECRET)))
            .filter(filter -> filter.receipts(issuer()))
            .start()) {
      String pass = bought(other.pay(RUNNING.market().payer(), "/paid/it"));
      assertThat(other.get("/paid/it", pass).text()).isEqualTo(SECRET);
      assertRefused(app.get("/paid/it", pass));
    }
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aTamperedPassOpensNothing(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    String pass = bought(app.pay(RUNNING.market().payer(), "/paid/it"));
    String[] parts = pass.split("\\.");
    String other = bought(app.pay(RUNNING.market().payer(), "/cheap/it")).split("\\.")[1];
    assertRefused(app.get("/paid/it", parts[0] + "." + other + "." + parts[2]));
  }

  /** What is charged must fit into the container's head, receipt included. */
  @ParameterizedTest
  @MethodSource("stacks")
  void aHandlerWithManyHeadersIsDeliveredWithItsReceipt(Stack stack) throws Exception {
    PaidWebapp app = RUNNING.get(stack); // JUnit would close an argument
    RawHttp.Response paid = app.pay(RUNNING.market().payer(), "/paid/wide");
    bought(paid);
    assertThat(paid.header("X-Wide")).hasSize(3000);
  }

  private static void assertRefused(RawHttp.Response response) {
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.header("PAYMENT-REQUIRED")).isNotNull();
    assertThat(response.all()).doesNotContain(SECRET);
  }

  @Test
  void aPassNeedsAnIssuer() {
    assertThatThrownBy(() -> filter(Route.of("/paid").price("$0.01").pass(TEN_MINUTES)).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("/paid")
        .hasMessageContaining("receipts(issuer)");
  }

  @Test
  void theAudienceMustBeThePublicOrigin() {
    for (String audience : new String[] {"https://other.example", Market.PUBLIC_URL + "/"}) {
      ReceiptIssuer other =
          ReceiptIssuer.builder(audience, audience)
              .key(SigningKey.generated(ReceiptAlgorithm.ES256))
              .build();
      assertThatThrownBy(() -> filter(Route.of("/a").price("$0.01")).receipts(other).build())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(audience)
          .hasMessageContaining(Market.PUBLIC_URL);
    }
  }

  private static PaymentFilter.Builder filter(Route... routes) {
    return RUNNING.market().filter(TestWallet.random(), Duration.ofSeconds(1)).routes(routes);
  }

  @Test
  void aGroupMustAgreeOnItsPass() {
    assertThatThrownBy(
            () ->
                filter(
                    Route.of("/a").price("$0.01").pass(TEN_MINUTES).passGroup("g"),
                    Route.of("/b").price("$0.01").pass(TEN_MINUTES, 3).passGroup("g")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/a")
        .hasMessageContaining("/b");
  }

  @Test
  void aPassThatCannotBeIsNamed() throws IOException {
    Route route = Route.of("/a").price("$0.01");
    assertThatThrownBy(() -> route.pass(Duration.ZERO)).hasMessageContaining("/a");
    assertThatThrownBy(() -> route.pass(Duration.ofMillis(1500))).hasMessageContaining("whole");
    assertThatThrownBy(() -> route.pass(Duration.ofDays(367))).hasMessageContaining("366");
    assertThatThrownBy(() -> route.pass(TEN_MINUTES, 0)).hasMessageContaining("at least one");
    assertThatThrownBy(() -> route.passGroup("g")).hasMessageContaining("pass(...) first");
    assertThatThrownBy(() -> route.pass(TEN_MINUTES).passGroup("a b")).hasMessageContaining("64");
    assertThatThrownBy(() -> filter(Route.of("/a").free().pass(TEN_MINUTES)))
        .hasMessageContaining("no price");
  }
}
