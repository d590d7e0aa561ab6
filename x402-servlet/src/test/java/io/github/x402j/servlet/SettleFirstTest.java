// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Routes that are settled first: the money moves, then the output flows. */
class SettleFirstTest {
  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(app -> app.handlers(handlers()));

  private static final AtomicBoolean WELL = new AtomicBoolean();
  private static volatile CountDownLatch goOn = new CountDownLatch(1);

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put(
        "events",
        (request, response) -> {
          event(response, "first");
          assertThat(goOn.await(10, TimeUnit.SECONDS)).isTrue();
          event(response, "last");
        });
    all.put(
        "async-events",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          async.start(
              () -> {
                try {
                  HttpServletResponse to = (HttpServletResponse) async.getResponse();
                  to.setHeader("Cache-Control", "public");
                  to.setHeader("PAYMENT-RESPONSE", "forged");
                  event(to, "first");
                  assertThat(goOn.await(10, TimeUnit.SECONDS)).isTrue();
                  event(to, "last");
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                async.complete();
              });
        });
    all.put("exception", unlessWell((request, response) -> fail()));
    all.put(
        "error",
        unlessWell(
            (request, response) -> {
              throw new NoClassDefFoundError("the handler's own");
            }));
    all.put("500", unlessWell((request, response) -> response.setStatus(500)));
    all.put("404", unlessWell((request, response) -> response.sendError(404)));
    all.put("timeout", unlessWell((request, response) -> request.startAsync().setTimeout(100)));
    all.put(
        "midway",
        unlessWell(
            (request, response) -> {
              event(response, "first");
              fail();
            }));
    return all;
  }

  private static void fail() {
    throw new IllegalStateException("the handler's own " + SECRET.hashCode());
  }

  private static Handlers.Handler unlessWell(Handlers.Handler handler) {
    return (request, response) -> {
      if (WELL.get()) {
        response.getWriter().write(SECRET);
      } else {
        handler.handle(request, response);
      }
    };
  }

  private static void event(HttpServletResponse response, String data) throws IOException {
    response.setContentType("text/event-stream");
    response.getWriter().write("data: " + data + "\n\n");
    response.flushBuffer();
  }

  @AfterEach
  void mend() {
    RUNNING.market().chain.faults().clear();
  }

  static Stream<Arguments> streams() {
    return RUNNING.keySet().stream()
        .flatMap(s -> Stream.of("events", "async-events").map(name -> Arguments.of(s, name)));
  }

  @ParameterizedTest
  @MethodSource("streams")
  void eventsArriveAsTheyAreWritten(Stack stack, String name) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    goOn = new CountDownLatch(1);
    String header = payer.header(app.port(), "/stream/" + name);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), app.port())) {
      socket.setSoTimeout(10_000);
      String request =
          "GET /stream/" + name + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header;
      socket.getOutputStream().write((request + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      String head = readTo(in, "data: first");
      assertThat(head).startsWith("HTTP/1.1 200").contains("PAYMENT-RESPONSE: ey");
      assertThat(head.toLowerCase(Locale.ROOT))
          .contains("cache-control: private")
          .doesNotContain("forged");
      assertThat(payer.balance()).as("the money has moved").isEqualTo(1_000_000 - CENT);
      goOn.countDown();
      assertThat(readTo(in, "data: last")).doesNotContain("HTTP/1.1");
    }
    assertThat(eventually(app, "/stream/" + name, header)).isEqualTo(402);
  }

  /** The handler may end a moment after its last byte came. */
  private static int eventually(PaidWebapp app, String target, String header) throws IOException {
    int status = 503;
    for (int i = 0; i < 50 && status == 503; i++) {
      status = app.get(target, header).status();
    }
    return status;
  }

  private static String readTo(BufferedReader in, String end) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      all.append(line).append('\n');
      if (line.contains(end)) {
        return all.toString();
      }
    }
    throw new AssertionError("the response ended before " + end + ": " + all);
  }

  static Stream<Arguments> failures() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                Stream.of("exception", "error", "500", "404", "timeout", "midway")
                    .map(name -> Arguments.of(stack, name)));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureAfterSettlementIsDeliveredForTheSamePaymentLater(Stack stack, String name)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/stream/" + name);
    WELL.set(false);
    try (RawHttp connection = RawHttp.connect(app.port())) {
      connection.send(
          "GET /stream/"
              + name
              + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
              + header
              + "\r\n\r\n");
      String failed = connection.receiveAll(3_000);
      assertThat(failed).contains("PAYMENT-RESPONSE: ey");
      if (!name.equals("midway")) {
        assertThat(failed.substring(9, 10)).isIn("4", "5");
      }
    }
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);

    WELL.set(true);
    for (String other : new String[] {"/stream/" + name + "?other=1", "/paid/" + name}) {
      assertThat(app.get(other, header).status())
          .as("it was paid for another request")
          .isEqualTo(402);
    }
    RawHttp.Response again = app.get("/stream/" + name, header);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.text()).isEqualTo(SECRET);
    assertThat(again.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(payer.balance()).as("charged once").isEqualTo(1_000_000 - CENT);
    assertThat(app.get("/stream/" + name, header).status()).isEqualTo(402);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void nothingRunsUnlessItIsSettled(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/stream/500");
    int runs = app.runs("500");
    RUNNING.market().settlements.beforeNext(payer::goBroke);
    assertThat(app.get("/stream/500", header).status()).isEqualTo(402);
    RUNNING.market().settlements.beforeNext(() -> RUNNING.market().chain.faults().drop("*"));
    TestPayer other = RUNNING.market().payer();
    RawHttp.Response pending = app.pay(other, "/stream/500");
    assertThat(pending.status()).isEqualTo(503);
    assertThat(app.runs("500")).isEqualTo(runs);
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }
}
