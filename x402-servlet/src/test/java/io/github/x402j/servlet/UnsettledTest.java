// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import io.github.x402j.SettlementResponse;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The handler has done its work and the money does not move: the client sees nothing of it. */
class UnsettledTest {
  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app -> app.handlers(withPage()).filter(b -> b.failuresPerMinute(10_000)));

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    for (int size : new int[] {100, 9_000, 5_000_000}) {
      all.put("write" + size, (request, response) -> write(response, size));
      all.put(
          "flush" + size,
          (request, response) -> {
            write(response, size);
            response.flushBuffer();
            response.getOutputStream().flush();
          });
      all.put(
          "close" + size,
          (request, response) -> {
            write(response, size);
            response.getOutputStream().close();
          });
      all.put(
          "reset" + size,
          (request, response) -> {
            write(response, size);
            response.reset();
            response.setHeader("X-Data", SECRET);
            write(response, size);
          });
      all.put(
          "async" + size,
          (request, response) -> {
            AsyncContext async = request.startAsync();
            async.start(
                () -> {
                  try {
                    write((HttpServletResponse) async.getResponse(), size);
                    async.getResponse().flushBuffer();
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                  async.complete();
                });
          });
    }
    all.put(
        "redirect", (request, response) -> response.sendRedirect("https://shop.example/" + SECRET));
    all.put(
        "redirect-by-hand",
        (request, response) -> {
          response.setStatus(302);
          response.setHeader("Location", "https://shop.example/" + SECRET);
        });
    all.put(
        "head",
        (request, response) -> {
          response.addCookie(new Cookie("paid", SECRET));
          response.addHeader("Set-Cookie", "more=" + SECRET);
          response.setHeader("X-Data", SECRET);
          response.setHeader("ETag", '"' + SECRET + '"');
          response.setHeader("Content-Disposition", "attachment; filename=" + SECRET);
          response.setContentType("text/" + SECRET);
          response.setContentLength(500);
          response.setHeader("PAYMENT-RESPONSE", SECRET);
          response.setStatus(203);
        });
    all.put(
        "session",
        (request, response) -> {
          request.getSession().setAttribute("paid", SECRET);
          write(response, 100);
        });
    all.put(
        "trailers",
        (request, response) -> {
          response.setTrailerFields(() -> Map.of("X-Trailer", SECRET));
          write(response, 100);
        });
    return all;
  }

  private static Map<String, Handlers.Handler> withPage() {
    Map<String, Handlers.Handler> all = handlers();
    all.put(
        "include",
        (request, response) -> {
          request.getRequestDispatcher(request.getParameter("to")).include(request, response);
          response.getOutputStream().print(" page");
        });
    return all;
  }

  private static void write(HttpServletResponse response, int size) throws IOException {
    byte[] body = new byte[size];
    Arrays.fill(body, (byte) 'x');
    System.arraycopy(SECRET.getBytes(UTF_8), 0, body, 0, SECRET.length());
    System.arraycopy(SECRET.getBytes(UTF_8), 0, body, size - SECRET.length(), SECRET.length());
    response.getOutputStream().write(body);
  }

  @AfterEach
  void mend() {
    RUNNING.market().chain.faults().clear();
  }

  static Stream<Arguments> everyHandler() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack -> handlers().keySet().stream().sorted().map(name -> Arguments.of(stack, name)));
  }

  /** The control: with the money moved, all of it comes through. */
  @ParameterizedTest
  @MethodSource("everyHandler")
  void deliversWhenSettled(Stack stack, String name) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response = app.pay(payer, "/paid/" + name);
    assertThat(response.status()).isBetween(200, 399);
    assertThat(response.all()).contains(SECRET);
    assertThat(response.header("PAYMENT-RESPONSE")).isNotNull().isNotEqualTo(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  /** The payer spends the money elsewhere between the verification and the settlement. */
  @ParameterizedTest
  @MethodSource("everyHandler")
  void showsNothingWhenTheSettlementFails(Stack stack, String name)
      throws IOException, MalformedPaymentException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/paid/" + name);
    int before = app.runs(name);
    RUNNING.market().settlements.beforeNext(payer::goBroke);
    RawHttp.Response response = app.get("/paid/" + name, header);
    assertThat(app.runs(name)).as("the handler ran").isEqualTo(before + 1);
    assertThat(response.status()).as(response.head()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET);
    assertThat(response.headers("Set-Cookie")).as(name).allMatch(UnsettledTest::isForgotten);
    assertThat(response.header("Location")).isNull();
    assertThat(response.header("ETag")).isNull();
    assertThat(response.header("Content-Type")).startsWith("application/json");
    assertThat(response.headers("Content-Length")).containsExactly("" + response.body().length);
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    assertThat(TestPayer.required(response).error()).isEqualTo("invalid_transaction_state");
    SettlementResponse told = PaymentCodec.decodeSettlement(response.header("PAYMENT-RESPONSE"));
    assertThat(told.success()).isFalse();
    assertThat(told.transaction()).isEmpty();
  }

  /** Undertow keeps a session's cookie; it names a session that is gone, and says so. */
  private static boolean isForgotten(String cookie) {
    return cookie.contains("Max-Age=0") || cookie.contains("1970");
  }

  @ParameterizedTest
  @MethodSource("everyHandler")
  void showsNothingWhileTheChainIsDown(Stack stack, String name) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/paid/" + name);
    int before = app.runs(name);
    RUNNING.market().settlements.beforeNext(() -> RUNNING.market().chain.faults().drop("*"));
    RawHttp.Response response = app.get("/paid/" + name, header);
    assertThat(app.runs(name)).as("the handler ran").isEqualTo(before + 1);
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.all()).doesNotContain(SECRET);
    assertThat(response.header("Retry-After")).isNotNull();
    assertThat(response.header("PAYMENT-REQUIRED")).as("no second payment is asked for").isNull();
    RUNNING.market().chain.faults().clear();
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aWithheldReceiptIsPendingAndThenDeliveredWithoutASecondPayment(Stack stack)
      throws IOException, MalformedPaymentException {
    try (PaidWebapp app =
        PaidWebapp.on(stack, RUNNING.market())
            .handlers(handlers())
            .settleTimeout(Duration.ofMillis(300))
            .start()) {
      TestPayer payer = RUNNING.market().payer();
      String header = payer.header(app.port(), "/paid/write100");
      RUNNING.market().chain.faults().withholdReceipts();
      RawHttp.Response pending = app.get("/paid/write100", header);
      assertThat(pending.status()).isEqualTo(503);
      assertThat(pending.all()).doesNotContain(SECRET);
      assertThat(pending.header("PAYMENT-REQUIRED")).isNull();
      SettlementResponse told = PaymentCodec.decodeSettlement(pending.header("PAYMENT-RESPONSE"));
      assertThat(told.success()).isFalse();
      assertThat(told.transaction()).matches("0x[0-9a-f]{64}");
      assertThat(payer.balance()).as("it is mined").isEqualTo(1_000_000 - CENT);

      RUNNING.market().chain.faults().clear();
      long sent = RUNNING.market().chain.requests("eth_sendRawTransaction");
      RawHttp.Response paid = app.get("/paid/write100", header);
      assertThat(paid.status()).isEqualTo(200);
      assertThat(paid.text()).contains(SECRET);
      assertThat(RUNNING.market().chain.requests("eth_sendRawTransaction")).isEqualTo(sent);
      assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
      assertThat(app.get("/paid/write100", header).status()).isEqualTo(402);
    }
  }

  /** A free page that includes what is paid for, and the payment fails: not a word of it. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPageIsRefusedWithWhatItIncludes(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String target = "/free/include?to=/paid/write100";
    String header = payer.header(app.port(), target);
    RUNNING.market().settlements.beforeNext(payer::goBroke);
    RawHttp.Response response = app.get(target, header);
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET).doesNotContain(" page");
    assertThat(TestPayer.required(response).error()).isEqualTo("invalid_transaction_state");
  }
}
