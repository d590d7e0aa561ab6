// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A stop of the container loses no sale: what was charged was answered, or can be fetched. */
class GracefulStopTest {
  /** What a sale waits for when the stop begins. */
  enum Slow {
    HANDLER,
    SETTLEMENT
  }

  private static final int SALES = 10;
  private static final Duration WITHIN_THE_STOP = Duration.ofMillis(300);
  private static final Duration AFTER_THE_STOP = Duration.ofDays(1);
  private static final String BODY = "x".repeat(1_000);
  private static final Semaphore RUNNING_NOW = new Semaphore(0);
  private static volatile CountDownLatch goOn = new CountDownLatch(0);

  @RegisterExtension static final Market MARKET = new Market();

  private static final Map<String, Handlers.Handler> HANDLERS =
      Map.of(
          "slow",
          (request, response) -> {
            RUNNING_NOW.release();
            assertThat(goOn.await(20, TimeUnit.SECONDS)).isTrue();
            response.getOutputStream().print(BODY);
          });

  private final TestWallet seller = TestWallet.random();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();

  private PaidWebapp start(Stack stack, Duration graceful, Duration stopTimeout) {
    return PaidWebapp.on(stack, MARKET)
        .container(c -> c.gracefulStop(graceful))
        .seller(seller)
        .settleTimeout(Duration.ofSeconds(20))
        .filter(f -> f.ledger(ledger).stopTimeout(stopTimeout))
        .handlers(HANDLERS)
        .start();
  }

  static Stream<Arguments> cases() {
    return Stream.of(Stack.JETTY, Stack.TOMCAT, Stack.UNDERTOW)
        .flatMap(stack -> Stream.of("paid", "stream").map(flow -> Arguments.of(stack, flow)))
        .flatMap(
            each ->
                Stream.of(Slow.values())
                    .map(slow -> Arguments.of(each.get()[0], each.get()[1], slow)));
  }

  /** Jetty closes its connections before it stops the webapp, unless it is told to wait. */
  @ParameterizedTest(name = "{0} {1} slow {2}")
  @MethodSource("cases")
  void losesNoSaleThatEndsWithinTheStop(Stack stack, String flow, Slow slow) throws Exception {
    Outcome outcome =
        stop(start(stack, Duration.ZERO, Duration.ofSeconds(10)), flow, slow, WITHIN_THE_STOP);
    print(stack, flow, slow, "as it is", outcome);
    assertThat(outcome.lost()).isZero();
    if (stack != Stack.JETTY) {
      assertThat(outcome.answered()).isEqualTo(SALES);
    }
    assertThat(outcome.stopTook()).isLessThan(Duration.ofSeconds(8));
  }

  static Stream<Arguments> heldCases() {
    return cases().filter(each -> each.get()[1].equals("paid"));
  }

  @ParameterizedTest(name = "{0} {1} slow {2}")
  @MethodSource("heldCases")
  void answersEverySaleWhereTheContainerStopsGracefully(Stack stack, String flow, Slow slow)
      throws Exception {
    Outcome outcome =
        stop(
            start(stack, Duration.ofSeconds(5), Duration.ofSeconds(10)),
            flow,
            slow,
            WITHIN_THE_STOP);
    print(stack, flow, slow, "gracefully", outcome);
    assertThat(outcome.answered()).isEqualTo(SALES);
    assertThat(outcome.stopTook()).isLessThan(Duration.ofSeconds(8));
  }

  static Stream<Arguments> casesOfEachKind() {
    return cases().filter(each -> each.get()[1].equals("paid") == (each.get()[2] == Slow.HANDLER));
  }

  @ParameterizedTest(name = "{0} {1} slow {2}")
  @MethodSource("casesOfEachKind")
  void losesNoSaleThatOutlastsTheStop(Stack stack, String flow, Slow slow) throws Exception {
    Duration goOnAfter =
        stack == Stack.UNDERTOW ? Duration.ofSeconds(1) : AFTER_THE_STOP; // it waits for handlers
    Outcome outcome =
        stop(start(stack, Duration.ZERO, Duration.ofMillis(100)), flow, slow, goOnAfter);
    print(stack, flow, slow, "too early", outcome);
    assertThat(outcome.lost()).isZero();
  }

  /**
   * @param answered how many sales got their answer from the server that stopped
   * @param fetched how many of the others were fetched from the next one
   * @param lost how many are left
   */
  private record Outcome(int answered, int fetched, int lost, Duration stopTook) {}

  private static void print(Stack stack, String flow, Slow slow, String how, Outcome outcome) {
    System.out.printf(
        "%s, %s, slow %s, stopped %s: %d answered, %d fetched, %d lost, in %d ms%n",
        stack,
        flow,
        slow,
        how,
        outcome.answered(),
        outcome.fetched(),
        outcome.lost(),
        outcome.stopTook().toMillis());
  }

  /** Stops the server under load, and goes to another one of the same seller. */
  private Outcome stop(PaidWebapp first, String flow, Slow slow, Duration goOnAfter)
      throws Exception {
    List<Sold> sales = beginSales(first, flow, slow);
    if (!goOnAfter.equals(AFTER_THE_STOP)) {
      CompletableFuture.delayedExecutor(goOnAfter.toMillis(), TimeUnit.MILLISECONDS)
          .execute(GracefulStopTest::goOn);
    }
    long begun = System.nanoTime();
    first.close();
    Duration stopTook = Duration.ofNanos(System.nanoTime() - begun);
    goOn();
    int answered = 0;
    int fetched = 0;
    try (PaidWebapp second = start(Stack.JETTY, Duration.ZERO, Duration.ZERO)) {
      for (Sold sale : sales) {
        if (sale.isAnswered()) {
          answered++;
        } else if (sale.isFetchedFrom(second)) {
          fetched++;
        }
        assertThat(sale.payer.balance()).isGreaterThanOrEqualTo(1_000_000 - CENT);
      }
    }
    return new Outcome(answered, fetched, SALES - answered - fetched, stopTook);
  }

  private static List<Sold> beginSales(PaidWebapp app, String flow, Slow slow) throws Exception {
    int begun = MARKET.settlements.begun.get();
    RUNNING_NOW.drainPermits();
    if (slow == Slow.HANDLER) {
      goOn = new CountDownLatch(1);
    }
    List<TestPayer> payers = Stream.generate(MARKET::payer).limit(SALES).toList();
    if (slow == Slow.SETTLEMENT) {
      MARKET.chain.automine(false);
    }
    List<Sold> sales = new ArrayList<>();
    for (TestPayer payer : payers) {
      sales.add(new Sold(app, payer, "/" + flow + "/slow"));
    }
    if (slow == Slow.HANDLER) {
      assertThat(RUNNING_NOW.tryAcquire(SALES, 20, TimeUnit.SECONDS)).isTrue();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (slow == Slow.SETTLEMENT && MARKET.settlements.begun.get() < begun + SALES) {
      assertThat(System.nanoTime()).as("all are to be settled").isLessThan(deadline);
      Thread.onSpinWait();
    }
    return sales;
  }

  private static void goOn() {
    goOn.countDown();
    MARKET.chain.automine(true);
    MARKET.chain.mine();
  }

  /** A client with a payment of its own. */
  private static final class Sold {
    final TestPayer payer;
    private final String target;
    private final String header;
    private final CompletableFuture<RawHttp.Response> answer;

    Sold(PaidWebapp app, TestPayer payer, String target) throws IOException {
      this.payer = payer;
      this.target = target;
      header = payer.header(app.port(), target);
      answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return app.get(target, header);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> new Thread(task).start());
    }

    boolean isAnswered() {
      return answer
          .handle((response, e) -> e == null && response.status() == 200 && isWhole(response))
          .join();
    }

    private static boolean isWhole(RawHttp.Response response) {
      return response.text().equals(BODY);
    }

    boolean isFetchedFrom(PaidWebapp app) throws IOException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
      RawHttp.Response response = app.get(target, header);
      while (response.status() == 503 && System.nanoTime() < deadline) {
        response = app.get(target, header);
      }
      return response.status() == 200 && isWhole(response);
    }
  }
}
