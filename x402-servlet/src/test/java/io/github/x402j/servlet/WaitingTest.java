// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a request that waits for its settlement without a thread. */
class WaitingTest {
  private static final ManualSettlements CHAIN = new ManualSettlements();
  private static final Semaphore UNDELIVERED = new Semaphore(0);

  /** How a settlement ends, and what the client gets. */
  private enum Ending {
    SETTLED(200),
    FAILED(402),
    PENDING(503),
    NOT_SENT(503),
    BUG(503),
    ERROR(500);

    private final int status;

    Ending(int status) {
      this.status = status;
    }

    private void happen() {
      switch (this) {
        case SETTLED -> CHAIN.mine();
        case FAILED ->
            CHAIN.mine(p -> new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, ""));
        case PENDING -> CHAIN.mine(p -> new Settlement.Pending(p.key().nonce()));
        case NOT_SENT -> CHAIN.fail(new FacilitatorException("the queue is full"));
        case BUG -> CHAIN.fail(new IllegalStateException("a bug"));
        default -> CHAIN.fail(new StackOverflowError("a bug"));
      }
    }
  }

  private static final Map<String, Handlers.Handler> HANDLERS =
      Map.of(
          "sync",
          (request, response) -> response.getWriter().write(SECRET),
          "async",
          (request, response) -> {
            AsyncContext async = request.startAsync();
            async.getResponse().getWriter().write(SECRET);
            async.start(async::complete);
          },
          "dispatch",
          (request, response) -> {
            if (request.getDispatcherType() == DispatcherType.ASYNC) {
              response.getWriter().write(SECRET);
            } else {
              request.startAsync().dispatch();
            }
          });

  @RegisterExtension static final Webapps RUNNING = Webapps.onEachContainer(WaitingTest::configure);

  private static PaidWebapp.Builder configure(PaidWebapp.Builder app) {
    PaymentListener undelivered =
        new PaymentListener() {
          @Override
          public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
            UNDELIVERED.release();
          }
        };
    return app.facilitator(CHAIN.over(RUNNING.market().facilitator(Duration.ofSeconds(5))))
        .filter(f -> f.listener(undelivered))
        .handlers(HANDLERS);
  }

  static Stream<Arguments> endings() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                Stream.of("sync", "async", "dispatch")
                    .flatMap(
                        handler ->
                            Stream.of(Ending.values())
                                .map(ending -> Arguments.of(stack, handler, ending))));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void isAnsweredWhenTheSettlementHasEnded(Stack stack, String handler, Ending ending)
      throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    String target = "/paid/" + handler;
    String header = RUNNING.market().payer().header(app.port(), target);
    int before = CHAIN.withoutThread.get();
    try (RawHttp client = begin(app, target, header)) {
      assertThat(CHAIN.withoutThread).hasValue(before + 1);
      RawHttp.Response meanwhile = app.get(target, header);
      assertThat(meanwhile.status()).as("the same payment, meanwhile").isEqualTo(503);
      ending.happen();
      RawHttp.Response response = client.receive(false);
      assertThat(response.status()).isEqualTo(ending.status);
      assertThat(response.all().contains(SECRET)).isEqualTo(ending == Ending.SETTLED);
      assertThat(response.header("PAYMENT-RESPONSE") != null).isEqualTo(ending.status != 500);
      if (ending.status < 500) { // Tomcat closes the connection otherwise
        RawHttp.Response free = client.exchange("GET", "/free/sync");
        assertThat(free.text()).as("on the same connection").isEqualTo(SECRET);
      }
    }
    assertThat(isFetchable(app, target, header)).isEqualTo(ending != Ending.SETTLED);
  }

  @ParameterizedTest
  @MethodSource("handlers")
  void isFetchedLaterByAClientThatHasGoneMeanwhile(Stack stack, String handler) throws Exception {
    PaidWebapp app = RUNNING.get(stack);
    String target = "/paid/" + handler;
    String header = RUNNING.market().payer().header(app.port(), target);
    UNDELIVERED.drainPermits();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), app.port())) {
      socket.setSoLinger(true, 0);
      socket
          .getOutputStream()
          .write(
              ("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n")
                  .getBytes(US_ASCII));
      assertThat(CHAIN.sent.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }
    CHAIN.mine();
    assertThat(UNDELIVERED.tryAcquire(10, TimeUnit.SECONDS)).as("noticed").isTrue();
    assertThat(isFetchable(app, target, header)).isTrue();
  }

  static Stream<Arguments> handlers() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack -> List.of("sync", "dispatch").stream().map(name -> Arguments.of(stack, name)));
  }

  private static RawHttp begin(PaidWebapp app, String target, String header)
      throws IOException, InterruptedException {
    RawHttp client = RawHttp.connect(app.port());
    client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n");
    assertThat(CHAIN.sent.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    return client;
  }

  /** Sends the payment again until it is let go, and settles it if that is due. */
  private static boolean isFetchable(PaidWebapp app, String target, String header)
      throws InterruptedException {
    for (int i = 0; i < 2_000; i++) {
      CompletableFuture<RawHttp.Response> answer =
          CompletableFuture.supplyAsync(() -> get(app, target, header));
      while (!answer.isDone()) {
        if (CHAIN.sent.tryAcquire(5, TimeUnit.MILLISECONDS)) {
          CHAIN.mine();
        }
      }
      RawHttp.Response response = answer.join();
      if (response.status() != 503) {
        return response.status() == 200 && response.text().equals(SECRET);
      }
    }
    throw new AssertionError("the payment is held for ever");
  }

  private static RawHttp.Response get(PaidWebapp app, String target, String header) {
    try {
      return app.get(target, header);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
