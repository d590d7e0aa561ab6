// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a handler does decides whether its payment is used: an error costs nothing. */
class FailedHandlerTest {
  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(app -> app.handlers(handlers()));

  private static final AtomicBoolean WELL = new AtomicBoolean();
  private static final List<String> FAILURES =
      List.of(
          "exception",
          "error",
          "404",
          "500",
          "403-with-body",
          "timeout",
          "async-exception",
          "too-large");

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put(
        "exception",
        (request, response) -> {
          response.getWriter().write(SECRET);
          response.flushBuffer();
          throw new IllegalStateException(SECRET);
        });
    all.put(
        "error",
        (request, response) -> {
          response.getWriter().write(SECRET);
          throw new StackOverflowError(SECRET);
        });
    all.put("404", (request, response) -> response.sendError(404, SECRET));
    all.put(
        "500",
        (request, response) -> {
          response.setStatus(500);
          response.addHeader("X-Data", SECRET);
          response.getWriter().write(SECRET);
        });
    all.put(
        "403-with-body",
        (request, response) -> {
          response.setStatus(403);
          response.getWriter().write("no: " + SECRET);
        });
    all.put(
        "timeout",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          async.setTimeout(100);
          async.getResponse().getWriter().write(SECRET);
        });
    all.put(
        "async-exception",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          async.getResponse().getWriter().write(SECRET);
          throw new IllegalStateException(SECRET);
        });
    all.put("too-large", (request, response) -> response.getOutputStream().write(large()));
    Map<String, Handlers.Handler> mended = new HashMap<>();
    all.forEach((name, handler) -> mended.put(name, unlessWell(handler)));
    mended.put("204", (request, response) -> response.setStatus(204));
    mended.put("302", (request, response) -> response.sendRedirect("/free/" + SECRET));
    mended.put(
        "304",
        (request, response) -> {
          response.setHeader("ETag", '"' + SECRET + '"');
          response.setHeader("X-Data", SECRET);
          response.setStatus(304);
        });
    return mended;
  }

  private static byte[] large() {
    byte[] body = new byte[9 * 1024 * 1024];
    System.arraycopy(SECRET.getBytes(StandardCharsets.UTF_8), 0, body, 0, 6);
    return body;
  }

  private static Handlers.Handler unlessWell(Handlers.Handler handler) {
    return (HttpServletRequest request, HttpServletResponse response) -> {
      if (WELL.get()) {
        response.getWriter().write(SECRET);
      } else {
        handler.handle(request, response);
      }
    };
  }

  static Stream<Arguments> failures() {
    return RUNNING.keySet().stream()
        .flatMap(stack -> FAILURES.stream().map(name -> Arguments.of(stack, name)));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureCostsNothingAndTheSamePaymentWorksLater(Stack stack, String name)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    WELL.set(false);
    String header = payer.header(app.port(), "/paid/" + name);
    long sent = RUNNING.market().chain.requests("eth_sendRawTransaction");
    RawHttp.Response failed = app.get("/paid/" + name, header);
    assertThat(failed.status()).isBetween(400, 599);
    if (Character.isDigit(name.charAt(0))) {
      assertThat(failed.status()).isEqualTo(Integer.parseInt(name.substring(0, 3)));
    } else {
      assertThat(failed.status()).isEqualTo(500);
    }
    assertThat(failed.all()).doesNotContain("IllegalState");
    if (failed.status() >= 500) {
      assertThat(failed.all()).doesNotContain(SECRET);
    }
    assertThat(failed.header("PAYMENT-RESPONSE")).isNull();
    assertThat(payer.balance()).isEqualTo(1_000_000);
    assertThat(RUNNING.market().chain.requests("eth_sendRawTransaction")).isEqualTo(sent);

    WELL.set(true);
    RawHttp.Response paid = app.get("/paid/" + name, header);
    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.text()).isEqualTo(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
    assertThat(app.get("/paid/" + name, header).status()).isEqualTo(402);
  }

  /** The setting on the filter is the default, that on a route comes first. */
  @ParameterizedTest
  @MethodSource("stacks")
  void errorsGoOutAsTheHandlerMadeThemWhereTheSettingSaysSo(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    WELL.set(false);
    for (String prefix : List.of("/paid", "/errors")) {
      RawHttp.Response refused = app.pay(payer, prefix + "/403-with-body");
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.text()).isEqualTo("no: " + SECRET);
    }
    assertThat(app.pay(payer, "/paid/500").all()).doesNotContain(SECRET);
    assertThat(app.pay(payer, "/errors/500").all()).contains("X-Data: " + SECRET);
    assertThat(app.pay(payer, "/paid/exception").all()).doesNotContain(SECRET);
    RawHttp.Response thrown = app.pay(payer, "/errors/exception");
    assertThat(thrown.status()).isEqualTo(500);
    assertThat(thrown.all()).as("the container answers").doesNotContain("handler_failed");
    for (String name : List.of("403-with-body", "404", "500", "exception")) {
      RawHttp.Response withheld = app.pay(payer, "/cheap/" + name);
      assertThat(withheld.all()).contains("nothing was charged").doesNotContain(SECRET);
    }
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void anEmptyAnswerAndARedirectAreDeliveriesAndNotModifiedIsNone(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response empty = app.pay(payer, "/paid/204");
    assertThat(empty.status()).isEqualTo(204);
    assertThat(empty.header("PAYMENT-RESPONSE")).isNotNull();
    RawHttp.Response redirect = app.pay(payer, "/paid/302");
    assertThat(redirect.status()).isEqualTo(302);
    assertThat(redirect.header("Location")).contains(SECRET);
    assertThat(payer.balance()).isEqualTo(1_000_000 - 2 * CENT);
    RawHttp.Response unchanged = app.pay(payer, "/paid/304");
    assertThat(unchanged.status()).isEqualTo(304);
    assertThat(unchanged.header("ETag")).isEqualTo('"' + SECRET + '"');
    RawHttp.Response bare = app.pay(payer, "/cheap/304");
    assertThat(bare.header("ETag")).as("with errors withheld").isEqualTo('"' + SECRET + '"');
    assertThat(bare.header("X-Data")).isNull();
    assertThat(unchanged.header("PAYMENT-RESPONSE")).isNull();
    assertThat(payer.balance()).isEqualTo(1_000_000 - 2 * CENT);
  }

  /** The messages of a WebSocket cannot be held, and containers take a handshake around filters. */
  @ParameterizedTest
  @MethodSource("stacks")
  void aHandshakeOnAHeldRouteCostsNothingAndReachesNoHandler(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    int before = app.runs("204");
    RawHttp.Response response =
        app.pay(
            payer,
            "/paid/204",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    assertThat(response.status()).isEqualTo(501);
    assertThat(response.text()).contains("nothing was charged");
    assertThat(app.runs("204")).isEqualTo(before);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void whatIsTooLargeFailsBeforeItIsSettled(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    WELL.set(false);
    RawHttp.Response response = app.pay(payer, "/paid/too-large");
    assertThat(response.status()).isEqualTo(500);
    assertThat(response.text()).contains("response_too_large");
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }
}
