// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Asynchronous handlers: one completion each, when the handler is done and not before. */
class HeldAsyncContextTest {
  /** Counts down when the client has the answer to a handler that fails. */
  private static volatile CountDownLatch answered = new CountDownLatch(1);

  private static final String SECRET = HeldRunTest.SECRET;
  private static final Map<Stack, TestContainer> RUNNING = new EnumMap<>(Stack.class);
  private static final StubGate GATE = new StubGate();
  private static final ExecutorService POOL = Executors.newCachedThreadPool();

  /** Handlers that end well, with the secret as their body. */
  private static final Map<String, Handlers.Handler> GOOD = new TreeMap<>();

  /** Handlers that do not. */
  private static final Map<String, Handlers.Handler> BAD = new TreeMap<>();

  static {
    GOOD.put("complete-at-once", (req, resp) -> writeAndComplete(req.startAsync()));
    GOOD.put(
        "complete-in-pool",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          POOL.execute(() -> writeAndComplete(async));
        });
    GOOD.put(
        "complete-later",
        (req, resp) -> {
          CountDownLatch end = StubGate.dispatchEnd(req);
          AsyncContext async = req.startAsync(req, resp);
          POOL.execute(
              () -> {
                await(end);
                writeAndComplete(async);
              });
        });
    GOOD.put(
        "start",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.start(() -> writeAndComplete(async));
        });
    GOOD.put(
        "wrapped",
        (req, resp) -> {
          AsyncContext async =
              req.startAsync(
                  new HttpServletRequestWrapper(req), new HttpServletResponseWrapper(resp));
          POOL.execute(() -> writeAndComplete(async));
        });
    GOOD.put(
        "dispatch",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          POOL.execute(() -> async.dispatch("/h/plain"));
        });
    GOOD.put(
        "dispatch-to-itself",
        (req, resp) -> {
          if (req.getDispatcherType() == DispatcherType.ASYNC) {
            resp.getWriter().write(SECRET);
          } else {
            req.startAsync().dispatch();
          }
        });
    GOOD.put(
        "dispatch-again-and-again",
        (req, resp) -> {
          int round = req.getAttribute("round") instanceof Integer before ? before + 1 : 1;
          req.setAttribute("round", round);
          if (round > 3) {
            resp.getWriter().write(SECRET);
          } else {
            req.startAsync().dispatch();
          }
        });
    GOOD.put(
        "dispatch-and-start-again",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.dispatch("/h/complete-later");
        });
    GOOD.put(
        "context-of-request",
        (req, resp) -> {
          req.startAsync();
          POOL.execute(() -> writeAndComplete(req.getAsyncContext()));
        });
    GOOD.put(
        "forward-to-async",
        (req, resp) -> req.getRequestDispatcher("/h/complete-later").forward(req, resp));
    GOOD.put("write-listener", (req, resp) -> writeWithoutBlocking(req, resp));
    GOOD.put(
        "late-write-listener",
        (req, resp) -> {
          CountDownLatch end = StubGate.dispatchEnd(req);
          AsyncContext async = req.startAsync();
          POOL.execute(
              () -> {
                await(end);
                async.getResponse();
                setListener(async, (HttpServletResponse) async.getResponse());
              });
        });
    GOOD.put("read-listener", (req, resp) -> readWithoutBlocking(req));
    GOOD.put("plain", (req, resp) -> resp.getWriter().write(SECRET));
    GOOD.put(
        "listener-completes-by-event",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.addListener(new Quiet());
          POOL.execute(() -> writeAndComplete(async));
        });

    BAD.put(
        "timeout",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.setTimeout(100);
          async.getResponse().getWriter().write(SECRET);
          async.getResponse().flushBuffer();
        });
    GOOD.put(
        "timeout-answered-by-listener",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.setTimeout(100);
          async.addListener(
              new Quiet() {
                @Override
                public void onTimeout(AsyncEvent event) throws IOException {
                  event.getAsyncContext().getResponse().getWriter().write(SECRET);
                  event.getAsyncContext().complete();
                }
              });
        });
    GOOD.put(
        "timeout-dispatched-by-listener",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          async.setTimeout(100);
          async.addListener(
              new Quiet() {
                @Override
                public void onTimeout(AsyncEvent event) {
                  event.getAsyncContext().dispatch("/h/plain");
                }
              });
        });
    BAD.put(
        "throw-after-start",
        (req, resp) -> {
          req.startAsync().getResponse().getWriter().write(SECRET);
          throw new IllegalStateException(SECRET);
        });
    BAD.put(
        "throw-in-dispatch",
        (req, resp) -> {
          if (req.getDispatcherType() == DispatcherType.ASYNC) {
            resp.getWriter().write(SECRET);
            throw new IOException(SECRET);
          }
          req.startAsync().dispatch();
        });
    BAD.put(
        "write-listener-throws",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          resp.getOutputStream()
              .setWriteListener(
                  new WriteListener() {
                    @Override
                    public void onWritePossible() throws IOException {
                      resp.getOutputStream().print(SECRET);
                      throw new IOException(SECRET);
                    }

                    @Override
                    public void onError(Throwable failure) {
                      async.complete();
                    }
                  });
        });
    BAD.put(
        "too-much-swallowed",
        (req, resp) -> {
          AsyncContext async = req.startAsync();
          POOL.execute(
              () -> {
                try {
                  async.getResponse().getOutputStream().write(new byte[9_000_000]);
                } catch (IOException swallowed) {
                  async.complete();
                }
              });
        });
    BAD.put(
        "unwrapped-start",
        (req, resp) -> {
          AsyncContext async = ((HttpServletRequestWrapper) req).getRequest().startAsync();
          CountDownLatch answer = answered;
          POOL.execute(
              () -> {
                await(answer);
                try {
                  async.getResponse().getOutputStream().print(SECRET);
                } catch (IOException | RuntimeException gone) {
                  // As it should be.
                }
              });
        });
  }

  /** A listener that does nothing. */
  static class Quiet implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) throws IOException {}

    @Override
    public void onTimeout(AsyncEvent event) throws IOException {}

    @Override
    public void onError(AsyncEvent event) throws IOException {}

    @Override
    public void onStartAsync(AsyncEvent event) throws IOException {}
  }

  private static void writeAndComplete(AsyncContext async) {
    try {
      async.getResponse().getWriter().write(SECRET);
      async.getResponse().flushBuffer();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    async.complete();
  }

  private static void writeWithoutBlocking(
      HttpServletRequest request, HttpServletResponse response) {
    setListener(request.startAsync(), response);
  }

  private static void setListener(AsyncContext async, HttpServletResponse response) {
    try {
      ServletOutputStream out = response.getOutputStream();
      out.setWriteListener(
          new WriteListener() {
            private int at;

            @Override
            public void onWritePossible() throws IOException {
              while (out.isReady() && at < SECRET.length()) {
                out.write(SECRET.charAt(at++));
              }
              if (at == SECRET.length()) {
                async.complete();
              }
            }

            @Override
            public void onError(Throwable failure) {
              async.complete();
            }
          });
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void readWithoutBlocking(HttpServletRequest request) throws IOException {
    AsyncContext async = request.startAsync();
    ServletInputStream in = request.getInputStream();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    in.setReadListener(
        new ReadListener() {
          @Override
          public void onDataAvailable() throws IOException {
            byte[] buffer = new byte[64];
            while (in.isReady() && !in.isFinished()) {
              int read = in.read(buffer);
              if (read > 0) {
                body.write(buffer, 0, read);
              }
            }
          }

          @Override
          public void onAllDataRead() throws IOException {
            String text = body.toString(UTF_8).equals("x".repeat(100_000)) ? SECRET : "body lost";
            async.getResponse().getOutputStream().print(text);
            async.complete();
          }

          @Override
          public void onError(Throwable failure) {
            async.complete();
          }
        });
  }

  private static void await(CountDownLatch end) {
    try {
      assertThat(end.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @BeforeAll
  static void startAll() {
    Map<String, Handlers.Handler> all = new TreeMap<>(GOOD);
    all.putAll(BAD);
    for (Stack stack : Set.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)) {
      RUNNING.put(
          stack,
          TestContainer.on(stack)
              .start(
                  ctx -> {
                    TestContainer.addFilter(ctx, GATE);
                    TestContainer.addServlet(ctx, "handlers", new Handlers(all), "/h/*");
                  }));
    }
  }

  @AfterAll
  static void stopAll() {
    RUNNING.values().forEach(TestContainer::close);
    POOL.shutdownNow();
  }

  static List<Arguments> good() {
    return onEveryStack(GOOD.keySet());
  }

  static List<Arguments> bad() {
    return onEveryStack(BAD.keySet());
  }

  private static List<Arguments> onEveryStack(Set<String> names) {
    List<Arguments> all = new ArrayList<>();
    for (Stack stack : List.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)) {
      names.forEach(name -> all.add(Arguments.of(stack, name)));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("good")
  void deliversOnceWhenTheHandlerIsDone(Stack stack, String name) throws IOException {
    long before = GATE.completions.sum();
    RawHttp.Response response = post(stack, name, "X-Settles: yes");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.text()).isEqualTo(SECRET);
    assertThat(response.header("Content-Length")).isEqualTo(Integer.toString(SECRET.length()));
    assertThat(response.header("PAYMENT-RESPONSE")).isEqualTo("ours");
    assertThat(GATE.completions.sum() - before).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("good")
  void deliversNothingWhenThePaymentFails(Stack stack, String name) throws IOException {
    long before = GATE.completions.sum();
    RawHttp.Response response = post(stack, name, "X-Settles: no");

    assertThat(response.status()).isEqualTo(402);
    assertThat(response.all()).doesNotContain(SECRET);
    assertThat(GATE.completions.sum() - before).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("bad")
  void reportsAFailureAndDeliversNothing(Stack stack, String name) throws IOException {
    long before = GATE.completions.sum();
    answered = new CountDownLatch(1);
    RawHttp.Response response = post(stack, name, "X-Settles: yes");
    answered.countDown();

    assertThat(response.status()).isEqualTo(500);
    assertThat(response.text()).isEqualTo("failed");
    assertThat(response.all()).doesNotContain(SECRET);
    assertThat(GATE.completions.sum() - before).isEqualTo(1);
  }

  /** An empty 200 would say that all is well. */
  @ParameterizedTest
  @MethodSource("good")
  void anErrorInTheSettlementIsNoEmpty200(Stack stack, String name) throws IOException {
    RawHttp.Response response =
        RawHttp.get(RUNNING.get(stack).port(), "/h/" + name, "X-Settles: error");
    assertThat(response.status()).isEqualTo(500);
    assertThat(response.all()).doesNotContain(SECRET);
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aTimeoutDuringSettlementWaitsForIt(Stack stack) throws IOException {
    GATE.settlementMillis = 600;
    try {
      Handlers.put(
          "short-timeout",
          (req, resp) -> {
            AsyncContext async = req.startAsync();
            async.setTimeout(150);
            POOL.execute(() -> writeAndComplete(async));
          });
      long before = GATE.completions.sum();
      RawHttp.Response response = post(stack, "short-timeout", "X-Settles: yes");

      assertThat(response.status()).isEqualTo(200);
      assertThat(response.text()).isEqualTo(SECRET);
      assertThat(GATE.completions.sum() - before).isEqualTo(1);
    } finally {
      GATE.settlementMillis = 0;
    }
  }

  @ParameterizedTest
  @MethodSource("dearer")
  void holdsAForwardToADearerResourceWithinAHeldRun(Stack stack, String name) throws IOException {
    Handlers.put(
        "to-" + name, (req, resp) -> req.getRequestDispatcher("/h/" + name).forward(req, resp));
    Handlers.put("dearer-plain", GOOD.get("plain"));
    Handlers.put("dearer-async", GOOD.get("complete-later"));
    Handlers.put("dearer-throws", BAD.get("throw-after-start"));
    boolean fails = name.equals("dearer-throws");
    long before = GATE.completions.sum();

    RawHttp.Response unpaid = post(stack, "to-" + name, "X-Settles: no");
    assertThat(unpaid.status()).isIn(402, 500);
    assertThat(unpaid.all()).doesNotContain(SECRET);
    RawHttp.Response paid = post(stack, "to-" + name, "X-Settles: yes");
    assertThat(paid.status()).isEqualTo(fails ? 500 : 200);
    assertThat(paid.text()).isEqualTo(fails ? "failed" : SECRET);
    assertThat(GATE.completions.sum() - before).as("two payments, twice").isEqualTo(4);
  }

  static List<Arguments> dearer() {
    return onEveryStack(Set.of("dearer-plain", "dearer-async", "dearer-throws"));
  }

  @Test
  void doesNotSettleOnANetworkThreadOfUndertow() throws Exception {
    String body = "x".repeat(100_000);
    GATE.dispatched.drainPermits();
    try (RawHttp connection = RawHttp.connect(RUNNING.get(Stack.UNDERTOW).port())) {
      connection.send(
          "POST /h/read-listener HTTP/1.1\r\n"
              + "Host: a\r\n"
              + "X-Settles: yes\r\n"
              + "Content-Length: 100000\r\n\r\n");
      assertThat(GATE.dispatched.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      connection.send(body);
      assertThat(connection.receive(false).text()).isEqualTo(SECRET);
    }
    assertThat(GATE.lastThread).isNotEmpty().doesNotContain("I/O");
  }

  private static RawHttp.Response post(Stack stack, String name, String header) throws IOException {
    String body = "x".repeat(100_000);
    try (RawHttp connection = RawHttp.connect(RUNNING.get(stack).port())) {
      connection.send(
          "POST /h/%s HTTP/1.1\r\nHost: a\r\n%s\r\nContent-Length: %d\r\n\r\n"
              .formatted(name, header, body.length()));
      connection.send(body);
      return connection.receive(false);
    }
  }
}
