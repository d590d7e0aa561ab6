// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a framework says of a handler that was not paid for, or has failed. */
class FrameworkHandlerTest {
  private static final String ORIGIN = "https://a.example";

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(
                      Map.of(
                          "framework", FrameworkHandlerTest::framework,
                          "handler", FrameworkHandlerTest::handler,
                          "by-accept", FrameworkHandlerTest::byAccept,
                          "failing", FrameworkHandlerTest::failing))
                  .routes(Route.of("/free/*").pricedByHandler()));

  private static void framework(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    boolean isPaid = priced(request).admit(request);
    tellBrowsers(response);
    response.getWriter().write(isPaid ? SECRET : "unpaid " + SECRET);
  }

  private static PricedHandler priced(HttpServletRequest request) {
    return HandlerPrices.of(request.getServletContext())
        .orElseThrow()
        .add("GET framework", Route.of("/*").price("$0.01"));
  }

  /** Keeps an exception to itself, as the response is committed. */
  private static void failing(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    PricedHandler priced = priced(request);
    if (priced.admit(request)) {
      response.getWriter().write(SECRET);
      response.flushBuffer();
      priced.failed(request, new IOException("half of it"));
    }
  }

  /** As frameworks choose one of two handlers of a path; the cheap one fails. */
  private static void byAccept(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    boolean isDear = "text/dear".equals(request.getHeader("Accept"));
    PricedHandler chosen =
        HandlerPrices.of(request.getServletContext())
            .orElseThrow()
            .add(
                isDear ? "GET dear" : "GET cheap",
                Route.of("/*").price(isDear ? "$0.50" : "$0.01").settleFirst());
    if (chosen.admit(request)) {
      response.setStatus(isDear ? 200 : 500);
      response.getWriter().write(isDear ? SECRET : "failed");
    }
  }

  private static void handler(HttpServletRequest request, HttpServletResponse response) {
    try {
      Payments.require(request, "$0.01");
    } catch (PaymentRequiredException e) {
      tellBrowsers(response);
    }
  }

  private static void tellBrowsers(HttpServletResponse response) {
    response.setHeader("access-control-allow-origin", ORIGIN);
    response.setHeader("Access-Control-Expose-Headers", "X-Data");
    response.setHeader("Vary", "Origin");
    response.setHeader("X-Data", SECRET);
    response.setHeader("Set-Cookie", "data=" + SECRET);
  }

  static Set<Stack> stacks() {
    return RUNNING.keySet();
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void the402SaysToBrowsersWhatTheFrameworkSays(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response unpaid = app.get("/free/framework");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.all()).doesNotContain(SECRET);
    assertThat(unpaid.headers("Access-Control-Allow-Origin")).containsExactly(ORIGIN);
    assertThat(String.join(",", unpaid.headers("Access-Control-Expose-Headers")))
        .contains("X-Data", "PAYMENT-REQUIRED");
    assertThat(String.join(",", unpaid.headers("Vary"))).contains("Origin", "PAYMENT-SIGNATURE");
    assertThat(app.pay(RUNNING.market().payer(), "/free/framework").all()).contains(SECRET);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void nothingThatTheHandlerSaidGoesOut(Stack stack) throws IOException {
    RawHttp.Response unpaid = RUNNING.get(stack).get("/free/handler");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.header("Access-Control-Allow-Origin")).isNull();
    assertThat(unpaid.all()).doesNotContain(SECRET, "X-Data");
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void whatAFrameworkSaysHasFailedCostsNothing(Stack stack) throws IOException {
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response failed = RUNNING.get(stack).pay(payer, "/free/failing");
    assertThat(failed.status()).isEqualTo(500);
    assertThat(failed.all()).doesNotContain(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  /** Its headers choose the handler, so a payment that stands is not for every handler there. */
  @ParameterizedTest
  @MethodSource("stacks")
  void aPaymentForACheapHandlerBuysNoDearOneOfItsPath(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String payment = payer.header(app.port(), "/free/by-accept");
    assertThat(app.get("/free/by-accept", payment).status()).isEqualTo(500);
    assertThat(payer.balance()).as("it stands").isEqualTo(990_000);

    RawHttp.Response dear = app.get("/free/by-accept", payment, "Accept: text/dear");
    assertThat(dear.all()).doesNotContain(SECRET);
    assertThat(dear.status()).isEqualTo(503);
    assertThat(app.get("/free/by-accept", payment).all()).as("its own").contains("failed");
    assertThat(payer.balance()).isEqualTo(990_000);
  }
}
