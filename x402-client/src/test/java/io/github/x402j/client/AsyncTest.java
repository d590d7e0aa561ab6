// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code sendAsync}, cancelling and interrupting do. */
@Timeout(30)
class AsyncTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  @Test
  void noThreadWaitsInTheClientHoweverManyPaymentsAreUnderWay() throws Exception {
    ExecutorService oneThread = Executors.newSingleThreadExecutor();
    Set<String> seen = ConcurrentHashMap.newKeySet();
    seller.does(
        call -> {
          if (!call.isPaid()) {
            return v2(forUrl(seller.url("/a"), option("$0.01"))).after(300);
          }
          return seen.add(call.header("PAYMENT-SIGNATURE").orElseThrow())
              ? pending(call, "1")
              : delivery(call, "ok").after(300);
        });
    PayingHttpClient client = buyer(HttpClient.newBuilder().executor(oneThread).build()).build();
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).build();
    List<CompletableFuture<HttpResponse<String>>> all =
        IntStream.range(0, 50)
            .mapToObj(i -> client.sendAsync(request, BodyHandlers.ofString()))
            .toList();
    Map<Thread, Integer> samples = new HashMap<>();
    while (!all.stream().allMatch(CompletableFuture::isDone)) {
      Set<Thread> waiting = threadsThatWaitInTheClient();
      samples
          .keySet()
          .retainAll(waiting); // a wait for a lock in the JDK ends before the next sample
      waiting.forEach(thread -> samples.merge(thread, 1, Integer::sum));
      assertThat(samples.values()).allMatch(count -> count < 4);
      TimeUnit.MILLISECONDS.sleep(20); // between two samples
    }
    all.forEach(future -> assertThat(future.join().body()).isEqualTo("ok"));
    assertThat(payments(seller)).hasSize(50);
    oneThread.shutdown();
  }

  @Test
  void failsTheFutureWithTheExceptionThatSendThrows() {
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$1"))));
    CompletableFuture<HttpResponse<String>> future =
        buyer(wrapped)
            .build()
            .sendAsync(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
    assertThatThrownBy(() -> future.get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(PaymentDeclinedException.class);
  }

  @Test
  void aCancelledRequestIsNotPaid() throws Exception {
    Seller.Script honest = honest(seller, "$0.01");
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    seller.does(
        call ->
            exchange -> {
              arrived.countDown();
              awaited(cancelled);
              try {
                honest.answer(call).writeTo(exchange);
              } finally {
                answered.countDown(); // also if the client has closed the connection
              }
            });
    Wire wire = new Wire(wrapped, count -> Optional.empty());
    CompletableFuture<HttpResponse<String>> future =
        buyer(wire)
            .build()
            .sendAsync(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
    awaited(arrived);
    future.cancel(true);
    cancelled.countDown();
    assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
    awaited(answered);
    assertThat(seller.awaitPaidCalls(1, Duration.ofMillis(300))).isFalse();
    assertThat(wire.sent)
        .singleElement()
        .matches(CompletableFuture::isCompletedExceptionally, "is cancelled too");
    assertThat(seller.paidCalls()).isEmpty();
  }

  @Test
  void tellsAnInterruptedCallerThatAPaymentIsUnderWay() throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? delivery(call, "late").after(5_000)
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                get(buyer(wrapped).build(), "/a");
              } catch (Exception e) {
                seen.complete(e);
              }
            });
    caller.start();
    assertThat(seller.awaitPaidCalls(1, Duration.ofSeconds(10))).isTrue();
    caller.interrupt();
    assertThat(seen.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    assertThat(seen.get().getSuppressed())
        .singleElement()
        .isInstanceOfSatisfying(
            PaymentPendingException.class,
            pending ->
                assertThat(pending.payment().secretHeaderValue())
                    .isEqualTo(payments(seller).get(0)));
  }

  /** How a caller stops waiting. */
  enum Stopping {
    CANCEL(future -> future.cancel(true)),
    CANCEL_A_DERIVED_FUTURE(future -> future.thenApply(HttpResponse::body).cancel(true)),
    CANCEL_A_COPY(future -> future.copy().cancel(true)),
    TIME_OUT(future -> future.orTimeout(1, TimeUnit.MILLISECONDS));

    private final Consumer<CompletableFuture<HttpResponse<String>>> stop;

    Stopping(Consumer<CompletableFuture<HttpResponse<String>>> stop) {
      this.stop = stop;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whoStopsWaitingEndsTheExchangeAndLeavesThePaymentPending(Stopping stopping)
      throws Exception {
    for (boolean inPause : new boolean[] {false, true}) {
      int before = seller.paidCalls().size();
      seller.does(
          call ->
              !call.isPaid()
                  ? v2(forUrl(seller.url("/a"), option("$0.01")))
                  : inPause ? pending(call, "1") : delivery(call, "late").after(2_000));
      SpendJournal journal = SpendJournal.inMemory();
      Wire wire = new Wire(wrapped, count -> Optional.empty());
      PayingHttpClient client = payingFrom(journal, wire);
      CompletableFuture<HttpResponse<String>> future =
          client.sendAsync(
              HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
      assertThat(seller.awaitPaidCalls(before + 1, Duration.ofSeconds(10))).isTrue();
      wire.sent.take();
      CompletableFuture<?> paid = wire.sent.take();
      if (inPause) {
        paid.join();
      }
      stopping.stop.accept(future);
      assertThatThrownBy(() -> future.get(5, TimeUnit.SECONDS)).isNotNull();
      client.close(); // waits until what happened is written
      assertThat(events(journal)).containsExactly("ASKED", "ALLOWED", "SIGNED", "PENDING");
      assertThat(inPause || paid.handle((answer, failure) -> failure != null).get()).isTrue();
      assertThat(seller.awaitPaidCalls(before + 2, Duration.ofMillis(300))).isFalse();
    }
  }

  private static PayingHttpClient payingFrom(SpendJournal journal, HttpClient wire) {
    AgentWallet wallet =
        AgentWallet.provision("agent", Asking.SIGNER, journal)
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .create();
    Duration pause = Duration.ofMillis(200);
    return PayingHttpClient.over(wire)
        .wallet(wallet)
        .token(Asking.USDC)
        .retries(new RetryPolicy(4, Duration.ofSeconds(60), pause, pause))
        .build();
  }

  private static List<String> events(SpendJournal journal) throws Exception {
    return journal.entries().stream()
        .map(entry -> entry.event().name())
        .filter(event -> !event.equals("PROVISIONED"))
        .toList();
  }

  private static Set<Thread> threadsThatWaitInTheClient() {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(thread -> thread.getKey() != Thread.currentThread())
        .filter(thread -> isWaiting(thread.getKey()))
        .filter(thread -> Stream.of(thread.getValue()).anyMatch(AsyncTest::isOfTheClient))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static boolean isWaiting(Thread thread) {
    return thread.getState() == Thread.State.WAITING
        || thread.getState() == Thread.State.TIMED_WAITING;
  }

  private static boolean isOfTheClient(StackTraceElement frame) {
    String name = frame.getClassName();
    return name.startsWith("io.github.x402j.client.PayingCall")
        || name.startsWith("io.github.x402j.client.CancellableCall")
        || name.startsWith("io.github.x402j.client.PaidAttempts");
  }

  private HttpResponse<String> get(PayingHttpClient client, String path) throws Exception {
    return client.send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }

  private static void awaited(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
