// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Settlement;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A payer whose connection breaks before the answer is out fetches it with the same payment. */
class BrokenDeliveryTest {
  /** How the client goes away. */
  enum Break {
    /** With a reset, while the handler runs. */
    RESET,
    /**
     * With a close, as a client does whose time is over, while the handler runs. The system takes a
     * few bytes more before it finds out, so this is noticed with a long answer only.
     */
    CLOSE,
    /** With a reset, when it has read a little of the answer. */
    RESET_WITHIN
  }

  private static final int LARGE = 30_000_000;
  private static final Semaphore RUNNING_NOW = new Semaphore(0);
  private static final Semaphore GO_ON = new Semaphore(0);
  private static final Semaphore TAKEN_BACK = new Semaphore(0);

  private static final PaymentListener UNDELIVERED =
      new PaymentListener() {
        @Override
        public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
          TAKEN_BACK.release();
        }
      };

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.filter(f -> f.bufferLimit(2L * LARGE).listener(UNDELIVERED))
                  .handlers(handlers()));

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("stream", (request, response) -> response.getOutputStream().write(body(request)));
    all.put("writer", (request, response) -> response.getWriter().write(new String(body(request))));
    all.put(
        "async",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          async.start(
              () -> {
                try {
                  async.getResponse().getOutputStream().write(body(request));
                } catch (IOException e) {
                  request.getServletContext().log("gone", e);
                }
                try {
                  async.complete();
                } catch (IllegalStateException completedByTomcat) {
                  // As it does when a write fails.
                }
              });
        });
    all.put(
        "dispatch",
        (request, response) -> {
          if (request.getAttribute("dispatched") == null) {
            request.setAttribute("dispatched", true);
            AsyncContext async = request.startAsync();
            async.start(async::dispatch);
          } else {
            response.getOutputStream().write(body(request));
          }
        });
    all.put("nonblocking", BrokenDeliveryTest::writeWithoutBlocking);
    return all;
  }

  private static void writeWithoutBlocking(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    AsyncContext async = request.startAsync();
    ServletOutputStream out = response.getOutputStream();
    out.setWriteListener(
        new WriteListener() {
          private boolean written;

          @Override
          public void onWritePossible() throws IOException {
            while (out.isReady()) {
              if (written) {
                async.complete();
                return;
              }
              written = true;
              out.write(body(request));
            }
          }

          @Override
          public void onError(Throwable failure) {
            async.complete();
          }
        });
  }

  /** Waits until the client is gone, if it is to go while the handler runs. */
  private static byte[] body(HttpServletRequest request) {
    if ("yes".equals(request.getHeader("X-Waits"))) {
      RUNNING_NOW.release();
      try {
        assertThat(GO_ON.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    byte[] body = new byte["yes".equals(request.getHeader("X-Large")) ? LARGE : 1_000];
    java.util.Arrays.fill(body, (byte) 'x');
    return body;
  }

  static Stream<Arguments> cases() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                Stream.of("paid", "stream")
                    .flatMap(
                        flow ->
                            handlers().keySet().stream()
                                .flatMap(
                                    handler ->
                                        Stream.of(Break.values())
                                            .filter(how -> isKnown(stack, flow, handler, how))
                                            .map(how -> Arguments.of(stack, flow, handler, how)))));
  }

  /**
   * What settles first writes by itself: whether the last bytes of a short answer went out is known
   * after a synchronous handler only.
   */
  private static boolean isKnown(Stack stack, String flow, String handler, Break how) {
    boolean isCompleted = handler.equals("async") || handler.equals("nonblocking");
    if (stack == Stack.UNDERTOW && how == Break.RESET && isCompleted) {
      return false; // Undertow closes an asynchronous response without blocking
    }
    boolean isStreamed = flow.equals("stream");
    return !isStreamed
        || handler.equals("stream")
        || how == Break.RESET_WITHIN && handler.equals("dispatch");
  }

  @ParameterizedTest(name = "{0} {1} {2} {3}")
  @MethodSource("cases")
  void isFetchedWithTheSamePayment(Stack stack, String flow, String handler, Break how)
      throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String target = "/" + flow + "/" + handler;
    String header = payer.header(app.port(), target);
    TAKEN_BACK.drainPermits();
    breakOff(app.port(), target, header, how);
    assertThat(TAKEN_BACK.tryAcquire(10, TimeUnit.SECONDS)).as("noticed").isTrue();
    RawHttp.Response again = fetch(app, target, header);
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.text()).isEqualTo("x".repeat(1_000));
    assertThat(fetch(app, target, header).status()).as("once it has arrived").isEqualTo(402);
  }

  static Stream<Arguments> slowReaders() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                Stream.of("paid/stream", "paid/async", "paid/dispatch", "stream/stream")
                    .flatMap(
                        target ->
                            Stream.of(true, false)
                                .map(isCut -> Arguments.of(stack, target, isCut))));
  }

  /** A client that is not sure of its first connection asks again on a second one. */
  @ParameterizedTest(name = "{0} {1} cut: {2}")
  @MethodSource("slowReaders")
  void mayYetBeFetchedAgainWhileItIsWritten(Stack stack, String target, boolean isCut)
      throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    String path = "/" + target;
    String payment = RUNNING.market().payer().header(app.port(), path);
    String header = payment + "\r\nX-Payment-Secret: " + "s".repeat(43);
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), app.port())) {
      slow.setSoTimeout(10_000);
      slow.setSoLinger(true, 0);
      ask(slow, path, "Connection: close\r\nX-Large: yes\r\n" + header);
      assertThat(new String(slow.getInputStream().readNBytes(12), US_ASCII)).contains(" 200");
      RawHttp.Response early = app.get(path, header);
      assertThat(early.status()).as("while it is written").isEqualTo(503);
      assertThat(early.header("Retry-After")).isNotNull();
      assertThat(app.get(path, payment).status()).as("without the secret").isEqualTo(402);
      assertThat(app.get(path + "?b", header).status()).as("for another").isEqualTo(402);
      if (!isCut) {
        assertThat(slow.getInputStream().readAllBytes()).hasSizeGreaterThan(LARGE);
      }
    }
    if (isCut) {
      assertThat(fetch(app, path, header).text()).isEqualTo("x".repeat(1_000));
    }
    assertThat(fetch(app, path, header).status()).as("once it has arrived").isEqualTo(402);
  }

  private static void ask(Socket socket, String target, String headers) throws IOException {
    String request = "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n\r\n";
    socket.getOutputStream().write(request.getBytes(US_ASCII));
  }

  private static void breakOff(int port, String target, String header, Break how)
      throws IOException, InterruptedException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      if (how != Break.CLOSE) {
        socket.setSoLinger(true, 0);
      }
      String more =
          (how == Break.RESET ? "" : "X-Large: yes\r\n")
              + (how == Break.RESET_WITHIN ? "X-Waits: no" : "X-Waits: yes");
      ask(socket, target, more + "\r\n" + header);
      if (how == Break.RESET_WITHIN) {
        assertThat(new String(socket.getInputStream().readNBytes(12), US_ASCII)).contains(" 200");
      } else {
        assertThat(RUNNING_NOW.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
      }
    }
    if (how != Break.RESET_WITHIN) {
      GO_ON.release();
    }
  }

  /** Asks again, until the first exchange has let the payment go. */
  private static RawHttp.Response fetch(PaidWebapp app, String target, String header)
      throws IOException {
    for (int i = 0; i < 2_000; i++) {
      RawHttp.Response response = app.get(target, header);
      if (response.status() != 503) {
        return response;
      }
    }
    throw new AssertionError("the payment is held for ever");
  }
}
