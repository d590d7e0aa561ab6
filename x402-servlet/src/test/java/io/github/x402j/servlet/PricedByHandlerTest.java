// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Price;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Handlers that say what they cost while they run: {@link Payments#require}. */
class PricedByHandlerTest {
  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(handlers())
                  .routes(
                      Route.of("/free/*").pricedByHandler(),
                      Route.of("/stream/*").pricedByHandler().settleFirst(),
                      Route.of("/paid/*").price("$0.01"),
                      Route.of("/dear/*").price("$0.05")));

  private interface Part {
    void run(HttpServletRequest request, HttpServletResponse response) throws Exception;
  }

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("never", (request, response) -> response.getWriter().write("free"));
    all.put("write", (request, response) -> response.getWriter().write(SECRET));
    all.put("stream", asks((request, response) -> response.getOutputStream().write(secret())));
    all.put("redirect", asks((request, response) -> response.sendRedirect("/free/" + SECRET)));
    all.put("header", asks((request, response) -> response.setHeader("X-Data", SECRET)));
    all.put("buffered", asks(PricedByHandlerTest::flushed));
    all.put("async", asks(PricedByHandlerTest::later));
    all.put("async-dispatch", PricedByHandlerTest::dispatched);
    all.put(
        "forward", asks((req, res) -> req.getRequestDispatcher("/free/write").forward(req, res)));
    all.put(
        "include", asks((req, res) -> req.getRequestDispatcher("/free/write").include(req, res)));
    all.put(
        "to-paid", asks((req, res) -> req.getRequestDispatcher("/paid/write").forward(req, res)));
    all.put(
        "to-dear", asks((req, res) -> req.getRequestDispatcher("/dear/write").forward(req, res)));
    all.put("twice", PricedByHandlerTest::twice);
    all.put("dearer", PricedByHandlerTest::dearer);
    all.put("caught", PricedByHandlerTest::caught);
    all.put("goes-on", PricedByHandlerTest::goesOn);
    all.put("404", asks((request, response) -> response.sendError(404, SECRET)));
    all.put("throws", asks((request, response) -> fail()));
    all.put("late", PricedByHandlerTest::late);
    all.put("other-thread", PricedByHandlerTest::fromAnotherThread);
    return all;
  }

  private static Handlers.Handler asks(Part part) {
    return (request, response) -> {
      Payments.require(request, "$0.01");
      part.run(request, response);
      if (!response.isCommitted()) {
        response.addHeader("X-More", SECRET);
      }
    };
  }

  private static byte[] secret() {
    return SECRET.getBytes(StandardCharsets.UTF_8);
  }

  private static void flushed(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.getWriter().write(SECRET);
    response.flushBuffer();
  }

  private static void later(HttpServletRequest request, HttpServletResponse response) {
    AsyncContext async = request.startAsync();
    async.start(
        () -> {
          try {
            async.getResponse().getWriter().write(SECRET);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
          async.complete();
        });
  }

  private static void dispatched(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Payments.require(request, "$0.01");
    if (request.getAttribute("again") == null) {
      request.setAttribute("again", true);
      request.startAsync().dispatch();
    } else {
      response.getWriter().write(SECRET);
    }
  }

  private static void twice(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Payments.require(request, "$0.01");
    response.getWriter().write(SECRET);
    Payments.require(request, new Price(new BigDecimal("0.005")));
  }

  private static void dearer(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Payments.require(request, "$0.01");
    response.getWriter().write(SECRET);
    Payments.require(request, "$0.02");
  }

  /** Goes on as if it had been paid. */
  private static void caught(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    try {
      Payments.require(request, "$0.01");
    } catch (PaymentRequiredException e) {
      response.addCookie(new Cookie("data", SECRET));
      request.getSession();
    }
    response.setStatus(201);
    response.getWriter().write(SECRET);
    response.flushBuffer();
  }

  /** Asks for more than the client has brought, and then runs what that would pay for. */
  private static void goesOn(HttpServletRequest request, HttpServletResponse response)
      throws IOException, ServletException {
    try {
      Payments.require(request, "$0.05");
    } catch (PaymentRequiredException e) {
      request.getRequestDispatcher("/paid/write").forward(request, response);
    }
  }

  private static void fail() {
    throw new IllegalStateException(SECRET);
  }

  private static void late(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.getWriter().write("begun");
    Payments.require(request, "$0.01");
  }

  private static void fromAnotherThread(HttpServletRequest request, HttpServletResponse response)
      throws InterruptedException {
    List<RuntimeException> thrown = new ArrayList<>();
    Thread other =
        new Thread(
            () -> {
              try {
                Payments.require(request, "$0.01");
              } catch (RuntimeException e) {
                thrown.add(e);
              }
            });
    other.start();
    other.join();
    throw thrown.get(0);
  }

  private static Stream<Arguments> cases(String... names) {
    return RUNNING.keySet().stream()
        .flatMap(stack -> Stream.of(names).map(name -> Arguments.of(stack, name)));
  }

  static Stream<Arguments> paid() {
    return cases(
        "/free/stream",
        "/free/redirect",
        "/free/header",
        "/free/buffered",
        "/free/async",
        "/free/async-dispatch",
        "/free/forward",
        "/free/include",
        "/free/to-paid",
        "/free/twice",
        "/free/caught",
        "/stream/stream",
        "/stream/buffered",
        "/stream/async",
        "/stream/async-dispatch",
        "/stream/redirect");
  }

  @ParameterizedTest
  @MethodSource("paid")
  void nothingGoesOutUntilItIsPaidForAndAllOfItThen(Stack stack, String target) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get(target);
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.all()).doesNotContain(SECRET);
    long earned = app.earned();
    RawHttp.Response paid = app.get(target, payer.header(unpaid));
    assertThat(paid.status()).isIn(200, 201, 302);
    assertThat(paid.all()).contains(SECRET);
    assertThat(paid.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(app.earned() - earned).isEqualTo(CENT);
  }

  static Stream<Arguments> failed() {
    return cases("/free/404", "/free/throws");
  }

  @ParameterizedTest
  @MethodSource("failed")
  void aHandlerThatFailsAfterItAskedCostsNothing(Stack stack, String target) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response failed = app.pay(payer, target);
    assertThat(failed.status()).isEqualTo(target.endsWith("404") ? 404 : 500);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  static Stream<Arguments> stacks() {
    return cases("");
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void whatAsksForNothingIsAsItWasWithoutAFilter(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response free = app.get("/free/never", "X-PAYMENT: nonsense");
    assertThat(free.status()).isEqualTo(200);
    assertThat(free.all()).contains("free").doesNotContainIgnoringCase("payment");
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aSecondAskForMoreThanWasPaidIsRefusedAndCostsNothing(Stack stack, String none)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response refused = app.pay(payer, "/free/dearer");
    assertThat(refused.status()).isEqualTo(402);
    assertThat(refused.all()).doesNotContain(SECRET);
    assertThat(TestPayer.required(refused).accepts().get(0).amount())
        .hasToString(String.valueOf(2 * CENT));
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aForwardToWhatCostsMoreIsRefused(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response refused = app.pay(payer, "/free/to-dear");
    assertThat(refused.status()).isEqualTo(402);
    assertThat(refused.all()).doesNotContain(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aHandlerThatGoesOnAfterARefusalBuysNothing(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response refused = app.get("/free/goes-on", payer.header(app.port(), "/paid/write"));
    assertThat(refused.status()).isEqualTo(402);
    assertThat(refused.all()).doesNotContain(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  static Stream<Arguments> wrong() {
    return cases("/free/late", "/free/other-thread");
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void askingTooLateOrElsewhereIsAnError(Stack stack, String target) throws IOException {
    RawHttp.Response response = RUNNING.get(stack).get(target);
    assertThat(response.status()).isEqualTo(500);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void aPaidHandlerMayAskForWhatItsRuleHasPaidFor(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    assertThat(app.pay(RUNNING.market().payer(), "/paid/twice").all()).contains(SECRET);
    RawHttp.Response dearer = app.pay(RUNNING.market().payer(), "/paid/dearer");
    assertThat(dearer.status()).isEqualTo(402);
    assertThat(dearer.all()).doesNotContain(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void headCostsWhatGetDoes(Stack stack, String none) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response unpaid = app.request("HEAD", "/free/stream");
    assertThat(unpaid.status()).isEqualTo(402);
    RawHttp.Response paid =
        app.request("HEAD", "/free/stream", RUNNING.market().payer().header(unpaid));
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.header("Content-Length")).isEqualTo("6");
  }
}
