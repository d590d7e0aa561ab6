// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.client.PayingCall.CancellableCall;
import io.github.x402j.client.Transport.ClientResponse;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.http.Backoff;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
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
  private final BodyHandler<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final CancellableCall<HttpResponse<T>> call;
  private final Instant deadline;
  private volatile Payment payment;
  private volatile boolean inFlight;
  private volatile boolean mayHaveArrived;

  /**
   * @param mayHaveArrived whether the payment was sent before
   */
  PaidAttempts(
      Transport transport,
      WalletPayments payments,
      HttpRequest unpaid,
      Payment payment,
      BodyHandler<T> callers,
      @Nullable PushPromiseHandler<T> pushes,
      CancellableCall<HttpResponse<T>> call,
      boolean mayHaveArrived) {
    this.http = transport.withoutRedirects();
    this.payments = payments;
    this.retries = transport.retries();
    this.backoff = retries.backoff();
    this.clock = transport.clock();
    this.executor = transport.executor();
    this.unpaid = unpaid;
    this.payment = payment;
    this.paid =
        HttpRequest.newBuilder(unpaid, (name, value) -> true)
            .setHeader(payment.headerName(), payment.secretHeaderValue())
            .build();
    this.callers = callers;
    this.pushes = pushes;
    this.call = call;
    this.mayHaveArrived = mayHaveArrived;
    this.deadline = clock.instant().plus(retries.within());
  }

  /** Returns the final answer to the payment, whatever its status. */
  CompletableFuture<HttpResponse<T>> send() {
    return send(1);
  }

  /** Returns the exception for a caller who stops waiting, empty if nothing was sent. */
  Optional<PaymentPendingException> abandoned(String why) {
    return mayHaveArrived || inFlight
        ? Optional.of(PaymentPendingException.of(unpaid, payment, why, null))
        : Optional.empty();
  }

  private CompletableFuture<HttpResponse<T>> send(int attempt) {
    inFlight = true;
    return call.waitFor(http.sendAsync(paid, this::handleBody, pushes))
        .handle((response, failure) -> next(attempt, response, failure))
        .thenCompose(Function.identity());
  }

  private BodySubscriber<T> handleBody(ResponseInfo info) {
    return isUnknown(info.statusCode(), payment.answered(info.headers()))
        ? PeekedBody.discarding(executor)
        : callers.apply(info);
  }

  private CompletableFuture<HttpResponse<T>> next(
      int attempt, @Nullable HttpResponse<T> response, @Nullable Throwable failure) {
    inFlight = false;
    if (failure != null || response == null) {
      return failed(attempt, CancellableCall.unwrapped(failure == null ? noResponse() : failure));
    }
    Payment answered = payment.answered(response.headers());
    payment = answered;
    mayHaveArrived = true;
    if (isUnknown(response.statusCode(), answered)) {
      return again(
          attempt, Optional.of(response.headers()), "status " + response.statusCode(), null);
    }
    payments.answered(answered, response.statusCode(), response.headers());
    return CompletableFuture.completedFuture(new ClientResponse<>(response, unpaid, answered));
  }

  private CompletableFuture<HttpResponse<T>> failed(int attempt, Throwable failure) {
    boolean neverLeft =
        failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException;
    mayHaveArrived |= !neverLeft;
    if (failure instanceof IOException lost) {
      return again(attempt, Optional.empty(), "the answer was lost", lost);
    }
    payments.pending(payment, "the request failed");
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

  private IOException givenUp(String why, @Nullable IOException lost) {
    if (lost != null && !mayHaveArrived) {
      payments.neverSent(payment, "no connection");
      return lost;
    }
    payments.pending(payment, why);
    return PaymentPendingException.of(unpaid, payment, why, lost);
  }

  /** An answer that says the payment is settled is final, whatever its status. */
  private static boolean isUnknown(int status, Payment answered) {
    return UNKNOWN.contains(status) && !answered.settled();
  }

  private static IOException noResponse() {
    return new IOException("the wrapped client gave no response");
  }
}
