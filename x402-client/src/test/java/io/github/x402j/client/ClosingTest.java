// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client ends as the JDK's does from Java 21 on, on each version, and takes no payment along. */
@Timeout(30)
class ClosingTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofSeconds(10);

  private final HttpClient wrapped = HttpClient.newHttpClient();
  private final CountDownLatch answers = new CountDownLatch(1);
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
    seller.does(call -> call.isPaid() ? late(delivery(call, "ok")) : asks());
  }

  @AfterEach
  void close() {
    answers.countDown();
    seller.close();
  }

  private Seller.Answer asks() {
    return v2(forUrl(seller.url("/a"), option("$0.01")));
  }

  private Seller.Answer late(Seller.Answer answer) {
    return exchange -> {
      try {
        assertThat(answers.await(20, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      answer.writeTo(exchange);
    };
  }

  @Test
  void shutdownLetsWhatRunsBePaidAndAcceptsNothingElse() throws Exception {
    PayingHttpClient client = buyer(wrapped).build();
    CompletableFuture<HttpResponse<String>> running = send(client);
    assertThat(seller.awaitPaidCalls(1, LONG)).isTrue();
    assertThat(client.awaitTermination(SHORT)).isFalse();
    client.shutdown();
    assertThat(client.isTerminated()).isFalse();
    assertThat(client.awaitTermination(SHORT)).isFalse();
    assertThatThrownBy(() -> client.send(get(), BodyHandlers.ofString()))
        .isExactlyInstanceOf(IOException.class)
        .hasMessage("closed");
    assertThat(send(client)).isCompletedExceptionally();
    answers.countDown();
    assertThat(running.get().body()).isEqualTo("ok");
    assertThat(client.awaitTermination(LONG)).isTrue();
    assertThat(client.isTerminated()).isTrue();
    client.close();
    assertThat(payments(seller)).hasSize(1);
    assertThat(wrapped.send(get(), BodyHandlers.ofString()).statusCode()).isEqualTo(402);
  }

  @Test
  void shutdownNowLeavesWhatHasLeftPendingAndSignsNothingElse() throws Exception {
    PayingHttpClient client = buyer(wrapped).build();
    CompletableFuture<HttpResponse<String>> paid = send(client);
    assertThat(seller.awaitPaidCalls(1, LONG)).isTrue();
    CountDownLatch asked = new CountDownLatch(1);
    seller.does(
        call -> {
          asked.countDown();
          return late(asks());
        });
    CompletableFuture<HttpResponse<String>> unpaid = send(client);
    assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
    client.shutdownNow();
    assertThatThrownBy(() -> unpaid.get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isExactlyInstanceOf(IOException.class)
        .hasMessage("shutdownNow");
    assertThatThrownBy(() -> paid.get(5, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(PaymentPendingException.class);
    assertThat(client.awaitTermination(LONG)).isTrue();
    answers.countDown();
    assertThat(seller.awaitPaidCalls(2, Duration.ofMillis(300))).isFalse();
  }

  @Test
  void closeWaitsAndInterruptingItEndsWhatRuns() throws Exception {
    PayingHttpClient client = buyer(wrapped).build();
    CompletableFuture<HttpResponse<String>> running = send(client);
    assertThat(seller.awaitPaidCalls(1, LONG)).isTrue();
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread closing =
        new Thread(
            () -> {
              client.close();
              interrupted.complete(Thread.currentThread().isInterrupted());
            });
    closing.start();
    closing.join(200);
    assertThat(closing.isAlive()).isTrue();
    closing.interrupt();
    assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
    assertThat(catchThrowable(running::join)).hasCauseInstanceOf(PaymentPendingException.class);
  }

  @Test
  void theClientOfATaskEndsAloneAndWithItsParent() throws Exception {
    seller.does(honest(seller, "$0.01"));
    PayingHttpClient client = buyer(wrapped).build();
    PayingHttpClient task = client.forTask("report");
    PayingHttpClient other = client.forTask("other");
    task.close();
    assertThatThrownBy(() -> task.send(get(), BodyHandlers.ofString())).hasMessage("closed");
    assertThat(client.send(get(), BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    client.close();
    assertThatThrownBy(() -> other.send(get(), BodyHandlers.ofString())).hasMessage("closed");
    assertThatThrownBy(() -> client.sign(get())).hasMessage("closed");
  }

  /** The same steps with the JDK's client and with one that pays, by the methods of Java 21. */
  @Test
  void doesWhatTheJdksClientDoes() throws Exception {
    boolean compared = Runtime.version().feature() >= 21;
    if (!compared) {
      System.out.println(
          "SKIPPED: ClosingTest: Java "
              + Runtime.version().feature()
              + " has no HttpClient.close() to compare with; run this on 21 or later");
    }
    assumeTrue(compared, "HttpClient has close() since Java 21");
    List<String> expected = ended(HttpClient.newHttpClient());
    System.out.println("ClosingTest: compared with the JDK's client: " + expected);
    assertThat(ended(buyer(wrapped).build())).isEqualTo(expected);
  }

  private List<String> ended(HttpClient client) throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    seller.does(
        call ->
            exchange -> {
              arrived.countDown();
              try {
                assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              Seller.Answer.of(200, "content").writeTo(exchange);
            });
    List<String> seen = new ArrayList<>();
    seen.add("open: " + call(client, "isTerminated") + " " + await(client, SHORT));
    CompletableFuture<HttpResponse<String>> running = send(client);
    assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
    call(client, "shutdown");
    seen.add("running: " + call(client, "isTerminated") + " " + await(client, SHORT));
    seen.add("refused: " + catchThrowable(() -> client.send(get(), BodyHandlers.ofString())));
    seen.add("refused: " + send(client).handle((response, failure) -> "" + failure).get());
    go.countDown();
    seen.add("answered: " + running.get().body());
    seen.add("ended: " + await(client, LONG) + " " + call(client, "isTerminated"));
    call(client, "close");
    call(client, "shutdownNow");
    return seen;
  }

  private static Object call(HttpClient client, String method) throws Exception {
    return String.valueOf(HttpClient.class.getMethod(method).invoke(client));
  }

  private static Object await(HttpClient client, Duration time) throws Exception {
    return HttpClient.class.getMethod("awaitTermination", Duration.class).invoke(client, time);
  }

  private CompletableFuture<HttpResponse<String>> send(HttpClient client) {
    return client.sendAsync(get(), BodyHandlers.ofString());
  }

  private HttpRequest get() {
    return HttpRequest.newBuilder(seller.url("/a")).build();
  }
}
