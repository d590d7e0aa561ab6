// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.buyer;
import static io.github.x402j.client.Asking.delivery;
import static io.github.x402j.client.Asking.forUrl;
import static io.github.x402j.client.Asking.option;
import static io.github.x402j.client.Asking.payments;
import static io.github.x402j.client.Asking.pending;
import static io.github.x402j.client.Asking.settled;
import static io.github.x402j.client.Asking.v2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.http.Backoff;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One payment, however often the answer to it is lost. */
@Timeout(30)
class PaidAttemptsTest {
  private final HttpClient wrapped = HttpClient.newHttpClient();
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

  @Test
  void sendsTheSamePaymentAgainWhenTheAnswerIsLost() throws Exception {
    whenPaid((call, count) -> count < 2 ? Seller.Answer.lost() : delivery(call, "ok"));
    assertThat(get("/a").body()).isEqualTo("ok");
    assertThat(seller.paidCalls()).hasSizeGreaterThan(1);
    assertThat(payments(seller)).hasSize(1);
  }

  /** What the chain shows of a payment must not be enough to fetch what it bought. */
  @Test
  void sendsOneSecretWithEveryAttemptOfAPaymentAndAnotherWithAnother() throws Exception {
    whenPaid((call, count) -> pending(call, "0"));
    List<String> secrets = new ArrayList<>();
    for (String path : List.of("/a", "/b")) {
      int before = seller.paidCalls().size();
      PaymentPendingException pending =
          catchThrowableOfType(PaymentPendingException.class, () -> get(path));
      assertThatThrownBy(() -> buyer(wrapped).build().resend(pending, BodyHandlers.ofString()))
          .isInstanceOf(PaymentPendingException.class);
      List<Seller.Call> calls = seller.paidCalls().subList(before, seller.paidCalls().size());
      assertThat(calls).hasSizeGreaterThan(4);
      assertThat(calls)
          .extracting(call -> call.header("X-Payment-Secret").orElseThrow())
          .containsOnly(pending.payment().resumptionSecret());
      secrets.add(pending.payment().resumptionSecret());
      assertThat(pending).hasMessageNotContaining(secrets.get(0));
    }
    assertThat(secrets).doesNotHaveDuplicates().allMatch(one -> one.matches("[A-Za-z0-9_-]{43}"));
    assertThat(seller.calls())
        .filteredOn(call -> !call.isPaid())
        .noneMatch(call -> call.header("X-Payment-Secret").isPresent());
  }

  @Test
  void sendsTheSamePaymentAgainWhileTheSellerSaysPending() throws Exception {
    whenPaid((call, count) -> count < 3 ? pending(call, "0") : delivery(call, "ok"));
    HttpResponse<String> response = get("/a");
    assertThat(response.body()).isEqualTo("ok");
    assertThat(Payment.of(response).orElseThrow().settled()).isTrue();
    assertThat(seller.paidCalls()).hasSize(3);
    assertThat(payments(seller)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {502, 503, 504})
  void sendsTheSamePaymentAgainWhenAProxyAnswersForTheSeller(int status) throws Exception {
    whenPaid(
        (call, count) ->
            count < 2 ? Seller.Answer.of(status, "from the proxy") : delivery(call, "ok"));
    assertThat(get("/a").body()).isEqualTo("ok");
    assertThat(payments(seller)).hasSize(1);
  }

  /** The timeout is for all sendings, so that a resending has a time of its own. */
  @Test
  void resendsThePaymentOfARequestThatTimedOut() throws Exception {
    whenPaid((call, count) -> delivery(call, "ok").after(count < 2 ? 3_000 : 0));
    HttpRequest request =
        HttpRequest.newBuilder(seller.url("/a")).timeout(Duration.ofMillis(500)).build();
    PayingHttpClient client = buyer(wrapped).build();
    PaymentPendingException pending =
        catchThrowableOfType(
            PaymentPendingException.class, () -> client.send(request, BodyHandlers.ofString()));
    assertThat(client.resend(pending, BodyHandlers.ofString()).body()).isEqualTo("ok");
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void handsOverThePaymentWhenTheOutcomeStaysUnknown() throws Exception {
    whenPaid((call, count) -> pending(call, "0"));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> get("/a"));
    assertThat(seller.paidCalls()).hasSize(4);
    assertThat(payments(seller)).containsExactly(pending.payment().secretHeaderValue());
    assertThat(pending.payment().transaction()).contains(Asking.TRANSACTION);
    assertThat(pending)
        .hasMessageContaining(pending.payment().nonce())
        .hasMessageNotContaining(
            seller.paidCalls().get(0).authorization().signature().substring(2));

    whenPaid((call, count) -> delivery(call, "at last"));
    HttpResponse<String> response = buyer(wrapped).build().resend(pending, BodyHandlers.ofString());
    assertThat(response.body()).isEqualTo("at last");
    assertThat(Payment.of(response).orElseThrow().settled()).isTrue();
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void resendingDoesNotMakeAnotherPaymentWhateverTheAnswer() throws Exception {
    whenPaid((call, count) -> pending(call, "0"));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> get("/a"));
    whenPaid((call, count) -> v2(forUrl(seller.url("/a"), option("$0.01"))));
    // What was pending may have been settled, so the refusal is no reason to pay again.
    assertThatThrownBy(
            () -> buyer(wrapped).build().resendAsync(pending, BodyHandlers.ofString()).get())
        .hasCauseInstanceOf(PaymentPendingException.class);
    assertThat(payments(seller)).hasSize(1);
  }

  /** What a seller may say after an answer that did not come, or that left the outcome open. */
  static Stream<Arguments> refusalsAfterAnOpenOutcome() {
    List<WhenPaid> open =
        List.of(
            (call, count) -> Seller.Answer.lost(),
            (call, count) -> Seller.Answer.of(502, "from the proxy"),
            (call, count) -> Seller.Answer.of(504, "from the proxy"),
            (call, count) -> pending(call, "0"));
    return open.stream()
        .flatMap(
            first ->
                Stream.of(400, 402, 404, 409, 429, 500).map(status -> Arguments.of(first, status)));
  }

  @ParameterizedTest
  @MethodSource("refusalsAfterAnOpenOutcome")
  void aRefusalAfterAnOpenOutcomeLeavesThePaymentPending(WhenPaid open, int status)
      throws Exception {
    // The JDK's client repeats a GET by itself, so the first two answers are lost.
    whenPaid(
        (call, count) ->
            count <= 2 ? open.answer(call, count) : Seller.Answer.of(status, "already used"));
    assertThatThrownBy(() -> get("/a"))
        .isInstanceOf(PaymentPendingException.class)
        .hasMessageContaining("status " + status);
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void keepsASettlementWhoseBodyWasCut() throws Exception {
    whenPaid(
        (call, count) ->
            count == 1
                ? exchange -> {
                  settled(call)
                      .forEach((name, value) -> exchange.getResponseHeaders().add(name, value));
                  exchange.sendResponseHeaders(200, 100);
                  exchange.getResponseBody().write(1);
                  exchange.getResponseBody().flush();
                  throw new IOException("cut");
                }
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> get("/a"));
    assertThat(pending.payment().settled()).isTrue();
    assertThat(pending).hasMessageContaining("was settled by transaction " + Asking.TRANSACTION);
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void givesUpAfterEveryAnswerWasLost() {
    whenPaid((call, count) -> Seller.Answer.lost());
    assertThatThrownBy(() -> get("/a"))
        .isInstanceOf(PaymentPendingException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void returnsAnAnswerThatTheSellerSettledWhateverItsStatus() throws Exception {
    whenPaid((call, count) -> Seller.Answer.of(503, settled(call), "sorry"));
    HttpResponse<String> response = get("/a");
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.body()).isEqualTo("sorry");
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @Test
  void returnsAHandlerFailureAtOnce() throws Exception {
    whenPaid((call, count) -> Seller.Answer.of(500, "failed"));
    assertThat(get("/a").statusCode()).isEqualTo(500);
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @Test
  void aPaymentThatMayHaveLeftIsPendingEvenIfLaterConnectionsFail() {
    seller.does(call -> v2(forUrl(seller.url("/a"), option("$0.01"))));
    Wire flaky =
        new Wire(
            wrapped,
            count ->
                Optional.of(
                    count == 2 ? new IOException("reset") : new ConnectException("unplugged")));
    assertThatThrownBy(
            () ->
                buyer(flaky)
                    .build()
                    .send(
                        HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class);
  }

  @Test
  void keepsThePaymentWithAFailureOfTheCallersOwnHandler() {
    whenPaid((call, count) -> delivery(call, "ok"));
    assertThatThrownBy(
            () ->
                buyer(wrapped)
                    .build()
                    .send(
                        HttpRequest.newBuilder(seller.url("/a")).build(),
                        info -> {
                          throw new IllegalStateException("mine");
                        }))
        .satisfies(
            failure ->
                assertThat(
                        failure instanceof PaymentPendingException
                            || failure.getSuppressed().length == 1
                                && failure.getSuppressed()[0] instanceof PaymentPendingException)
                    .isTrue());
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void pausesAsLongAsTheSellerAsksUpToAMinute() {
    RetryPolicy resending = RetryPolicy.of(4, Duration.ofSeconds(60));
    Backoff due = resending.backoff();
    Duration first = due.next();
    assertThat(resending.pause(first, Optional.empty())).isEqualTo(Duration.ofMillis(500));
    assertThat(due.next()).isEqualTo(Duration.ofSeconds(1));
    assertThat(resending.pause(due.next(), Optional.empty())).isEqualTo(Duration.ofSeconds(2));
    assertThat(resending.pause(first, retryAfter("3"))).isEqualTo(Duration.ofSeconds(3));
    assertThat(resending.pause(first, retryAfter("17"))).isEqualTo(Duration.ofSeconds(17));
    assertThat(resending.pause(first, retryAfter("86400"))).isEqualTo(Duration.ofSeconds(60));
    for (String odd :
        List.of("-1", "x", "", "٣", "99999999999999", "Wed, 21 Oct 2026 07:28:00 GMT")) {
      assertThat(resending.pause(first, retryAfter(odd))).isEqualTo(Duration.ofMillis(500));
    }
  }

  /**
   * A seller is killed while it works on the payment, starts again, and delivers when the lease of
   * the dead process has run out: by default 30 s after its last sign of life.
   */
  @ParameterizedTest
  @CsvSource({"0, 30", "5, 30", "20, 30", "29, 30", "5, 21", "45, 30"})
  void theDefaultOutlastsTheLeaseOfASellerThatWasKilled(int restartsAfter, int leaseEndsAfter) {
    RetryPolicy resending =
        RetryPolicy.of(PayingHttpClient.RESEND_TIMES, PayingHttpClient.RESEND_WITHIN);
    Backoff due = resending.backoff();
    Duration now = Duration.ZERO; // the answer to the first sending is lost
    Optional<HttpHeaders> answer = Optional.empty();
    for (int resent = 0; resent < resending.times(); resent++) {
      now = now.plus(resending.pause(due.next(), answer));
      if (now.compareTo(resending.within()) > 0) {
        break;
      }
      long left = leaseEndsAfter - now.toSeconds();
      if (now.toSeconds() >= restartsAfter && left <= 0) {
        return; // delivered
      }
      answer =
          now.toSeconds() < restartsAfter
              ? Optional.empty()
              : retryAfter(String.valueOf(left > 18 ? 2 : left));
    }
    throw new AssertionError("given up after " + now);
  }

  @Test
  void stopsWhenTheNextSendingWouldBeTooLate() {
    whenPaid((call, count) -> pending(call, "9"));
    PayingHttpClient client = buyer(wrapped).resend(4, Duration.ofSeconds(5)).build();
    long start = System.nanoTime();
    assertThatThrownBy(
            () ->
                client.send(
                    HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString()))
        .isInstanceOf(PaymentPendingException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
    assertThat(seller.paidCalls()).hasSize(1);
  }

  @Test
  void cancellingDuringAPauseEndsTheResending() throws Exception {
    whenPaid((call, count) -> pending(call, "0"));
    Wire wire = new Wire(wrapped, count -> Optional.empty());
    Duration pause = Duration.ofMillis(300);
    PayingHttpClient client =
        buyer(wire).retries(new RetryPolicy(4, Duration.ofSeconds(60), pause, pause)).build();
    CompletableFuture<HttpResponse<String>> future =
        client.sendAsync(HttpRequest.newBuilder(seller.url("/a")).build(), BodyHandlers.ofString());
    wire.sent.take(); // the request without a payment
    wire.sent.take().join(); // the answer to the payment has come, so the pause begins
    future.cancel(true);
    assertThat(seller.awaitPaidCalls(2, pause.multipliedBy(3))).isFalse();
  }

  @Test
  void doesNotSerialiseThePayment() throws Exception {
    whenPaid((call, count) -> pending(call, "0"));
    PaymentPendingException pending =
        catchThrowableOfType(PaymentPendingException.class, () -> get("/a"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(pending);
    }
    assertThat(bytes.toString(StandardCharsets.ISO_8859_1))
        .doesNotContain(pending.payment().secretHeaderValue());
  }

  @Test
  void anEndlessAnswerThatSaysPendingDoesNotHoldUpTheResending() throws Exception {
    whenPaid(
        (call, count) ->
            count < 2 ? Seller.Answer.endless(503, Map.of(), 0) : delivery(call, "ok"));
    assertThat(get("/a").body()).isEqualTo("ok");
    assertThat(payments(seller)).hasSize(1);
  }

  @Test
  void doesNotTakeARefusedConnectionForALostAnswer() throws Exception {
    try (Socket notListening = new Socket()) { // bound, so that no other server has the port
      notListening.bind(new InetSocketAddress("127.0.0.1", 0));
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + notListening.getLocalPort() + "/a"))
              .build();
      assertThatThrownBy(() -> buyer(wrapped).build().send(request, BodyHandlers.ofString()))
          .isInstanceOf(ConnectException.class);
    }
  }

  private interface WhenPaid {
    Seller.Answer answer(Seller.Call call, int count);
  }

  private void whenPaid(WhenPaid script) {
    seller.does(
        call ->
            call.isPaid()
                ? script.answer(call, paidCalls.incrementAndGet())
                : v2(forUrl(seller.url("/a"), option("$0.01"))));
  }

  private static Optional<HttpHeaders> retryAfter(String value) {
    return Optional.of(HttpHeaders.of(Map.of("Retry-After", List.of(value)), (name, text) -> true));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return buyer(wrapped)
        .build()
        .send(HttpRequest.newBuilder(seller.url(path)).build(), BodyHandlers.ofString());
  }
}
