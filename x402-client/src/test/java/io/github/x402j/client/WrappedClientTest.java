// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.honest;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All requests go over the client that was wrapped, and it is all that is needed. */
@Timeout(60)
class WrappedClientTest {
  private final AtomicInteger paidCalls = new AtomicInteger();
  private Seller seller;

  @BeforeEach
  void open() throws Exception {
    seller = Seller.start();
  }

  @AfterEach
  void close() {
    seller.close();
  }

  private static HttpClient following(Redirect redirects) {
    return HttpClient.newBuilder().followRedirects(redirects).build();
  }

  @ParameterizedTest
  @CsvSource({"NEVER, false", "NEVER, true", "NORMAL, true", "ALWAYS, true"})
  void aClientThatTracesSeesThePaidRequestsToo(Redirect redirects, boolean given) throws Exception {
    seller.does(
        call ->
            !call.isPaid()
                ? v2(forUrl(seller.url("/a"), option("$0.01")))
                : paidCalls.incrementAndGet() == 1 ? pending(call, "0") : delivery(call, "ok"));
    Tracing wrapped = new Tracing(following(redirects));
    Tracing paid = given ? new Tracing(following(Redirect.NEVER)) : wrapped;
    PayingHttpClient.Builder builder = buyer(wrapped);
    if (given) {
      builder.paidRequestsOver(paid);
    }
    PayingHttpClient client = builder.build();
    assertThat(client.send(get("/a"), BodyHandlers.ofString()).body()).isEqualTo("ok");
    assertThat(seller.calls()).hasSize(3).allMatch(call -> call.header(Tracing.HEADER).isPresent());
    assertThat(wrapped.sent.size() + (given ? paid.sent.size() : 0)).isEqualTo(3);
    assertThat(paid.sent).filteredOn(this::carriesPayment).hasSize(2);
  }

  private boolean carriesPayment(HttpRequest request) {
    return request.headers().firstValue("PAYMENT-SIGNATURE").isPresent();
  }

  @Test
  void itIsNotPassedBySilentlyIfItFollowsRedirects() {
    assertThatThrownBy(() -> buyer(new Tracing(following(Redirect.NORMAL))).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("paidRequestsOver")
        .hasMessageContaining(Tracing.class.getName());
    assertThatThrownBy(
            () ->
                buyer(HttpClient.newHttpClient())
                    .paidRequestsOver(following(Redirect.NORMAL))
                    .build())
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"NEVER", "NORMAL"})
  void twoHundredClientsOverOneStartNoThread(Redirect redirects) throws Exception {
    seller.does(honest(seller, "$0.01"));
    HttpClient shared = following(redirects);
    shared.send(get("/free"), BodyHandlers.discarding()); // it has its threads now
    Set<Thread> before = selectors();
    List<PayingHttpClient> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      clients.add(buyer(shared).build());
    }
    Set<Thread> built = selectors();
    built.removeAll(before);
    System.out.printf(
        "WrappedClientTest: 200 clients over one that follows %s start %d threads%n",
        redirects, built.size());
    assertThat(built).isEmpty();

    for (PayingHttpClient client : clients.subList(0, 5)) {
      assertThat(client.send(get("/a"), BodyHandlers.ofString()).body()).isEqualTo("paid: GET ");
    }
    clients.forEach(PayingHttpClient::close);
    awaitOnly(before);
    assertThat(shared.send(get("/a"), BodyHandlers.discarding()).statusCode()).isEqualTo(402);
  }

  /** Before Java 21, a client of the JDK ends when the collector has found that it is not used. */
  private static void awaitOnly(Set<Thread> before) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    Set<Thread> left = selectors();
    left.removeAll(before);
    while (!left.isEmpty() && System.nanoTime() < deadline) {
      System.gc();
      left.iterator().next().join(200);
      left.removeIf(thread -> !thread.isAlive());
    }
    assertThat(left).isEmpty();
  }

  /** Returns the threads that a client of the JDK has while it is open. */
  private static Set<Thread> selectors() {
    Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
    threads.removeIf(thread -> !thread.getName().matches("HttpClient-[0-9]+-SelectorManager"));
    return threads;
  }

  private HttpRequest get(String path) {
    return HttpRequest.newBuilder(seller.url(path)).timeout(Duration.ofSeconds(20)).build();
  }
}
