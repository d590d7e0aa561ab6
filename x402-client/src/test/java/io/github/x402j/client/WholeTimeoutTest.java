// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SIGNER;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.settled;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.Address;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The timeout of a request is for all that is done for it, not for each sending. */
@Timeout(30)
class WholeTimeoutTest {
  private static final Duration TIMEOUT = Duration.ofMillis(600);

  /** Longer than the timeout, and as nothing beside the time that a step could take. */
  private static final Duration SOON = Duration.ofMillis(5_000);

  private final CountDownLatch over = new CountDownLatch(1);
  private final SpendJournal journal = SpendJournal.inMemory();
  private Seller seller;

  /** What is loaded with the first payment is not to be timed. */
  @BeforeAll
  static void payOnce() throws Exception {
    try (Seller honest = Seller.start()) {
      honest.does(honest(honest, "$0.01"));
      Asking.buyer(HttpClient.newHttpClient())
          .build()
          .send(HttpRequest.newBuilder(honest.url("/a")).build(), BodyHandlers.ofString());
    }
  }

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    over.countDown();
    seller.close();
  }

  /** What takes too long, and what the caller hears of it. */
  enum Slow {
    FIRST_ANSWER(HttpTimeoutException.class, "[]"),
    BODY_OF_THE_402(HttpTimeoutException.class, "[]"),
    APPROVAL(HttpTimeoutException.class, "[]"),
    SIGNER(HttpTimeoutException.class, "[ASKED, ALLOWED]"),
    PAID_ANSWER(PaymentPendingException.class, "[ASKED, ALLOWED, SIGNED, PENDING]"),
    PAUSES(PaymentPendingException.class, "[ASKED, ALLOWED, SIGNED, PENDING]"),
    ONE_LONG_PAUSE(PaymentPendingException.class, "[ASKED, ALLOWED, SIGNED, PENDING]"),
    LOST_ANSWERS(PaymentPendingException.class, "[ASKED, ALLOWED, SIGNED, PENDING]");

    private final Class<? extends Exception> thrown;
    private final String events;

    Slow(Class<? extends Exception> thrown, String events) {
      this.thrown = thrown;
      this.events = events;
    }
  }

  @ParameterizedTest
  @EnumSource
  void boundsTheWholeExchange(Slow slow) throws Exception {
    seller.does(call -> answer(slow, call));
    PayingHttpClient client = client(slow);
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).timeout(TIMEOUT).build();
    long begun = System.nanoTime();
    Throwable thrown = catchThrowable(() -> client.send(request, BodyHandlers.ofString()));
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    System.out.printf(
        "WholeTimeoutTest: %s ended after %d ms with %s%n",
        slow, took.toMillis(), thrown.getClass().getSimpleName());
    assertThat(thrown).isInstanceOf(slow.thrown);
    assertThat(took).isLessThan(SOON);
    assertThat(events()).hasToString(slow.events);
    assertThat(payments(seller)).hasSizeLessThanOrEqualTo(1);

    seller.calls().clear();
    Throwable failed =
        catchThrowable(() -> client.sendAsync(request, BodyHandlers.ofString()).get());
    assertThat(failed).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(slow.thrown);
  }

  @Test
  void nothingIsSignedOrSentAfterIt() throws Exception {
    seller.does(honest(seller, "$0.01"));
    PayingHttpClient client = client(Slow.SIGNER);
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).timeout(TIMEOUT).build();
    assertThat(catchThrowable(() -> client.send(request, BodyHandlers.ofString())))
        .isInstanceOf(HttpTimeoutException.class);
    over.countDown(); // the signer signs at last
    assertThat(seller.awaitPaidCalls(1, Duration.ofMillis(300))).isFalse();
    assertThat(events()).hasToString("[ASKED, ALLOWED, SIGNED, RETURNED]");
  }

  /** A caller who hears that nothing was paid pays again, so this must be true at each moment. */
  @Test
  void whoseTimeIsOverHearsOfEachPaymentThatHasLeft() throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? pending(call, "0")
                : v2(forUrl(seller.url(call.path()), option("$0.001"))));
    AgentWallet wallet =
        AgentWallet.provision("agent", SIGNER, journal)
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .policy(SpendingPolicy.empty().maxPerPayment("$1").allowUndelivered())
            .create();
    Duration pause = Duration.ofMillis(3);
    PayingHttpClient client =
        PayingHttpClient.over(HttpClient.newHttpClient())
            .wallet(wallet)
            .token(Asking.USDC)
            .retries(new RetryPolicy(500, Duration.ofSeconds(60), pause, pause))
            .build();
    Map<String, CompletableFuture<Throwable>> ends = new TreeMap<>();
    for (int i = 0; i < 200; i++) {
      HttpRequest request =
          HttpRequest.newBuilder(seller.url("/" + i))
              .timeout(Duration.ofMillis(30 + i % 40 * 5))
              .build();
      ends.put(
          "/" + i,
          client
              .sendAsync(request, BodyHandlers.ofString())
              .handle((answer, failure) -> CancellableCall.unwrapped(failure)));
      if (i % 8 == 7) { // no more at once than the machine can sign for
        ends.values().forEach(CompletableFuture::join);
      }
    }
    Set<String> pending = new TreeSet<>();
    for (Map.Entry<String, CompletableFuture<Throwable>> end : ends.entrySet()) {
      Throwable failure = end.getValue().get();
      // The JDK's client may say of a 402 that its time ended in the middle of its body.
      assertThat(failure).isInstanceOfAny(IOException.class, PaymentPendingException.class);
      if (failure instanceof PaymentPendingException) {
        pending.add(end.getKey());
      }
    }
    client.close();
    Set<String> left = new TreeSet<>();
    seller.paidCalls().forEach(call -> left.add(call.path()));
    System.out.printf(
        "WholeTimeoutTest: of 200 requests, %d payments have left and %d callers heard of one%n",
        left.size(), pending.size());
    assertThat(pending).containsAll(left);
  }

  /** As the common pool is on a machine with two cores, while someone is asked. */
  @Test
  void noExecutorIsTooBusyForIt() throws Exception {
    seller.does(honest(seller, "$0.01"));
    ExecutorService oneThread = Executors.newSingleThreadExecutor();
    PayingHttpClient client =
        client(Slow.APPROVAL, HttpClient.newBuilder().executor(oneThread).build());
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).timeout(TIMEOUT).build();
    long begun = System.nanoTime();
    assertThat(catchThrowable(() -> client.send(request, BodyHandlers.ofString())))
        .isInstanceOf(HttpTimeoutException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(SOON);
    oneThread.shutdownNow();
  }

  @Test
  void theBodyOfTheAnswerIsNotTimed() throws Exception {
    seller.does(
        call ->
            call.isPaid()
                ? exchange -> {
                  settled(call)
                      .forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
                  exchange.sendResponseHeaders(200, 4);
                  exchange.getResponseBody().write("sl".getBytes());
                  exchange.getResponseBody().flush();
                  awaitQuietly(TIMEOUT.multipliedBy(2));
                  exchange.getResponseBody().write("ow".getBytes());
                  exchange.close();
                }
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    HttpRequest request = HttpRequest.newBuilder(seller.url("/a")).timeout(TIMEOUT).build();
    assertThat(client(Slow.PAUSES).send(request, BodyHandlers.ofString()).body()).isEqualTo("slow");
  }

  private Seller.Answer answer(Slow slow, Seller.Call call) {
    if (!call.isPaid()) {
      Map<String, String> json = Map.of("Content-Type", "application/json");
      return switch (slow) {
        case FIRST_ANSWER -> exchange -> awaitQuietly(Duration.ofSeconds(8));
        case BODY_OF_THE_402 -> Seller.Answer.endless(402, json, 50);
        default -> v2(forUrl(seller.url("/a"), option("$0.01")));
      };
    }
    return switch (slow) {
      case PAID_ANSWER -> exchange -> awaitQuietly(Duration.ofSeconds(8));
      case PAUSES -> pending(call, "0");
      case ONE_LONG_PAUSE -> pending(call, "5");
      case LOST_ANSWERS -> Seller.Answer.lost();
      default -> delivery(call, "ok");
    };
  }

  private PayingHttpClient client(Slow slow) {
    return client(slow, HttpClient.newHttpClient());
  }

  private PayingHttpClient client(Slow slow, HttpClient wrapped) {
    SpendingPolicy policy = SpendingPolicy.empty().maxPerPayment("$0.05").allowUnresolved();
    if (slow == Slow.APPROVAL) {
      policy =
          policy.approvalAlways(
              asked -> {
                awaitQuietly(Duration.ofSeconds(8));
                return true;
              });
    }
    AgentWallet wallet =
        AgentWallet.provision("agent", new Waiting(slow == Slow.SIGNER), journal)
            .limit("$1", BillingPeriod.EVER)
            .allowedDomains("127.0.0.1")
            .policy(policy)
            .create();
    Duration pause = Duration.ofMillis(150);
    return PayingHttpClient.over(wrapped)
        .wallet(wallet)
        .token(Asking.USDC)
        .retries(new RetryPolicy(50, Duration.ofSeconds(60), pause, Duration.ofSeconds(5)))
        .build();
  }

  private List<String> events() throws Exception {
    List<String> events = new ArrayList<>();
    for (JournalEntry entry : journal.entries()) {
      if (entry.event() != JournalEntry.Event.PROVISIONED) {
        events.add(entry.event().name());
      }
    }
    return events;
  }

  /** Waits until the test is over, or for the time. */
  private void awaitQuietly(Duration time) {
    try {
      over.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Signs at once, or when the test is over. */
  private final class Waiting implements EvmSigner {
    private final boolean waits;

    Waiting(boolean waits) {
      this.waits = waits;
    }

    @Override
    public Address address() {
      return SIGNER.address();
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      if (waits) {
        awaitQuietly(Duration.ofSeconds(8));
      }
      return SIGNER.sign(digest);
    }
  }
}
