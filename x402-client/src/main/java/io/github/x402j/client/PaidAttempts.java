// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.PaymentHeader;
import io.github.x402j.client.PayingCall.CancellableCall;
import io.github.x402j.client.Transport.ClientResponse;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.http.Backoff;
import io.github.x402j.http.SendingWatch;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request with its one payment. It is sent until the outcome is known, each time with the same
 * payment. No other payment is made here.
 */
final class PaidAttempts<T> {
  /** Statuses of sellers, and of proxies before them, that leave the outcome open. */
  private static final Set<Integer> UNKNOWN = Set.of(502, 503, 504);

  private final HttpClient http;
  private final WalletPayments payments;
  private final RetryPolicy retries;
  private final Backoff backoff; // one attempt at a time uses it
  private final Clock clock;
  private final Executor executor;
  private final HttpRequest unpaid;
  private final HttpRequest paid;
  private final SendingWatch watch;
  private final BodyHandler<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final CancellableCall<HttpResponse<T>> call;
  private final Instant deadline;
  private volatile Payment payment;

  /** Whether an earlier sending left the outcome open: then a refusal proves nothing. */
  private volatile boolean outcomeOpen;

  /**
   * @param sentBefore whether the payment was sent before, and its outcome is open
   */
  PaidAttempts(
      Transport transport,
      WalletPayments payments,
      HttpRequest unpaid,
      Payment payment,
      BodyHandler<T> callers,
      @Nullable PushPromiseHandler<T> pushes,
      CancellableCall<HttpResponse<T>> call,
      boolean sentBefore) {
    this.http = transport.withoutRedirects();
    this.payments = payments;
    this.retries = transport.retries();
    this.backoff = retries.backoff();
    this.clock = transport.clock();
    this.executor = transport.executor();
    this.unpaid = unpaid;
    this.payment = payment;
    this.watch = SendingWatch.of(unpaid);
    this.paid =
        HttpRequest.newBuilder(unpaid, (name, value) -> true)
            .method(unpaid.method(), watch)
            .setHeader(payment.headerName(), payment.secretHeaderValue())
            .setHeader(PaymentHeader.X_PAYMENT_SECRET, payment.resumptionSecret())
            .build();
    this.callers = callers;
    this.pushes = pushes;
    this.call = call;
    this.outcomeOpen = sentBefore;
    this.deadline = clock.instant().plus(retries.within());
  }

  /** Returns the final answer to the payment, whatever its status. */
  CompletableFuture<HttpResponse<T>> send() {
    return send(1);
  }

  /** Returns the exception for a caller who stops waiting, empty if nothing was sent. */
  Optional<PaymentPendingException> abandoned(String why) {
    return mayHaveLeft()
        ? Optional.of(PaymentPendingException.of(unpaid, payment, why, null))
        : Optional.empty();
  }

  private CompletableFuture<HttpResponse<T>> send(int attempt) {
    Optional<CompletableFuture<HttpResponse<T>>> sending;
    try {
      sending = payments.sendUnlessRevoked(() -> http.sendAsync(paid, this::handleBody, pushes));
    } catch (IOException e) { // the journal cannot be read: nothing is sent
      return CompletableFuture.failedFuture(givenUp("the journal cannot be read", e));
    }
    if (sending.isEmpty()) {
      return CompletableFuture.failedFuture(revoked());
    }
    return call.waitFor(sending.get())
        .handle((response, failure) -> next(attempt, response, failure))
        .thenCompose(Function.identity());
  }

  private BodySubscriber<T> handleBody(ResponseInfo info) {
    Payment answered = payment.answered(info.headers());
    keep(answered); // the body may be cut
    return isUnknown(info.statusCode(), answered)
        ? PeekedBody.discarding(executor)
        : callers.apply(info);
  }

  private CompletableFuture<HttpResponse<T>> next(
      int attempt, @Nullable HttpResponse<T> response, @Nullable Throwable failure) {
    if (failure != null || response == null) {
      return failed(attempt, CancellableCall.unwrapped(failure == null ? noResponse() : failure));
    }
    Payment answered = payment.answered(response.headers());
    keep(answered);
    int status = response.statusCode();
    if (isUnknown(status, answered)) {
      outcomeOpen = true;
      return again(attempt, Optional.of(response.headers()), "status " + status, null);
    }
    if (outcomeOpen && status >= 400 && !answered.settled()) {
      return CompletableFuture.failedFuture(
          givenUp("status " + status + " after a sending whose outcome is not known", null));
    }
    payments.answered(answered, status, response.headers());
    return CompletableFuture.completedFuture(new ClientResponse<>(response, unpaid, answered));
  }

  private CompletableFuture<HttpResponse<T>> failed(int attempt, Throwable failure) {
    outcomeOpen |= mayHaveLeft();
    if (failure instanceof IOException lost) {
      return again(attempt, Optional.empty(), "the answer was lost", lost);
    }
    recordOpen("the request failed"); // a cancelled sending may still be under way
    abandoned("the request failed").ifPresent(failure::addSuppressed);
    return CompletableFuture.failedFuture(failure);
  }

  private CompletableFuture<HttpResponse<T>> again(
      int attempt, Optional<HttpHeaders> answer, String why, @Nullable IOException lost) {
    Duration pause = retries.pause(backoff.next(), answer);
    if (attempt > retries.times() || clock.instant().plus(pause).isAfter(deadline)) {
      return CompletableFuture.failedFuture(givenUp(why, lost));
    }
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    waiting.completeOnTimeout(null, pause.toNanos(), TimeUnit.NANOSECONDS);
    return call.waitFor(waiting).thenComposeAsync(nothing -> send(attempt + 1), executor);
  }

  private IOException revoked() {
    return givenUp(
        "the wallet was revoked", PaymentDeclinedException.revoked(unpaid.uri(), payment));
  }

  private IOException givenUp(String why, @Nullable IOException lost) {
    if (lost != null && !outcomeOpen) {
      payments.neverSent(payment, "not sent: " + why);
      return lost;
    }
    recordOpen(why);
    return PaymentPendingException.of(unpaid, payment, why, lost);
  }

  /** Keeps what the seller said last, but never forgets that it said that the money moved. */
  private void keep(Payment answered) {
    if (answered.settled() || !payment.settled()) {
      payment = answered;
    }
  }

  private void recordOpen(String why) {
    if (payment.settled()) {
      payments.answered(payment, false, why, Map.of());
    } else {
      payments.pending(payment, why);
    }
  }

  /** Returns whether a payment of this call may have left this process, now or before. */
  private boolean mayHaveLeft() {
    return outcomeOpen || watch.mayHaveLeft(http);
  }

  /** An answer that says the payment is settled is final, whatever its status. */
  private static boolean isUnknown(int status, Payment answered) {
    return UNKNOWN.contains(status) && !answered.settled();
  }

  private static IOException noResponse() {
    return new IOException("the wrapped client gave no response");
  }
}
