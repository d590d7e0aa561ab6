// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

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
 * A request with its one payment, sent until the outcome is known. Each sending carries the same
 * payment; there is no way from here to another one.
 */
final class PaidRequest<T> {
  /** Answers of servers, and of what stands before them, that leave the outcome open. */
  private static final Set<Integer> UNKNOWN = Set.of(502, 503, 504);

  private final HttpClient http;
  private final Outcomes outcomes;
  private final Resending resending;
  private final Clock clock;
  private final Executor executor;
  private final HttpRequest unpaid;
  private final HttpRequest paid;
  private final BodyHandler<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final UnderWay<HttpResponse<T>> underWay;
  private final Instant deadline;
  private volatile Payment payment;
  private volatile boolean inFlight;
  private volatile boolean mayHaveArrived;

  /**
   * @param mayHaveArrived whether the payment was sent before
   */
  PaidRequest(
      Sending sending,
      Outcomes outcomes,
      HttpRequest unpaid,
      Payment payment,
      BodyHandler<T> callers,
      @Nullable PushPromiseHandler<T> pushes,
      UnderWay<HttpResponse<T>> underWay,
      boolean mayHaveArrived) {
    this.http = sending.withoutRedirects();
    this.outcomes = outcomes;
    this.resending = sending.resending();
    this.clock = sending.clock();
    this.executor = sending.executor();
    this.unpaid = unpaid;
    this.payment = payment;
    this.paid =
        HttpRequest.newBuilder(unpaid, (name, value) -> true)
            .setHeader(payment.headerName(), payment.secretHeaderValue())
            .build();
    this.callers = callers;
    this.pushes = pushes;
    this.underWay = underWay;
    this.mayHaveArrived = mayHaveArrived;
    this.deadline = clock.instant().plus(resending.within());
  }

  /** Returns the answer to the payment, whatever its status, once there is one that decides. */
  CompletableFuture<HttpResponse<T>> send() {
    return send(1);
  }

  /** Returns what to tell a caller who does not wait for the outcome, empty if nothing was sent. */
  Optional<PaymentPendingException> abandoned(String why) {
    return mayHaveArrived || inFlight
        ? Optional.of(PaymentPendingException.of(unpaid, payment, why, null))
        : Optional.empty();
  }

  private CompletableFuture<HttpResponse<T>> send(int sending) {
    inFlight = true;
    return underWay
        .waitFor(http.sendAsync(paid, this::handleBody, pushes))
        .handle((response, failure) -> next(sending, response, failure))
        .thenCompose(Function.identity());
  }

  private BodySubscriber<T> handleBody(ResponseInfo info) {
    return isUnknown(info.statusCode(), payment.answered(info.headers()))
        ? BoundedBody.swallowing(executor)
        : callers.apply(info);
  }

  private CompletableFuture<HttpResponse<T>> next(
      int sending, @Nullable HttpResponse<T> response, @Nullable Throwable failure) {
    inFlight = false;
    if (failure != null || response == null) {
      return failed(sending, UnderWay.unwrapped(failure == null ? noResponse() : failure));
    }
    Payment answered = payment.answered(response.headers());
    payment = answered;
    mayHaveArrived = true;
    if (isUnknown(response.statusCode(), answered)) {
      return again(
          sending, Optional.of(response.headers()), "status " + response.statusCode(), null);
    }
    outcomes.answered(answered, response.statusCode(), response.headers());
    return CompletableFuture.completedFuture(new PaidResponse<>(response, unpaid, answered));
  }

  private CompletableFuture<HttpResponse<T>> failed(int sending, Throwable failure) {
    boolean neverLeft =
        failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException;
    mayHaveArrived |= !neverLeft;
    if (failure instanceof IOException lost) {
      return again(sending, Optional.empty(), "the answer was lost", lost);
    }
    outcomes.pending(payment, "the request failed");
    abandoned("the request failed").ifPresent(failure::addSuppressed);
    return CompletableFuture.failedFuture(failure);
  }

  private CompletableFuture<HttpResponse<T>> again(
      int sending, Optional<HttpHeaders> answer, String why, @Nullable IOException lost) {
    Duration pause = resending.pauseAfter(sending, answer);
    if (sending > resending.times() || clock.instant().plus(pause).isAfter(deadline)) {
      return CompletableFuture.failedFuture(givenUp(why, lost));
    }
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    waiting.completeOnTimeout(null, pause.toNanos(), TimeUnit.NANOSECONDS);
    return underWay.waitFor(waiting).thenComposeAsync(nothing -> send(sending + 1), executor);
  }

  private IOException givenUp(String why, @Nullable IOException lost) {
    if (lost != null && !mayHaveArrived) {
      outcomes.neverSent(payment, "no connection");
      return lost;
    }
    outcomes.pending(payment, why);
    return PaymentPendingException.of(unpaid, payment, why, lost);
  }

  /** A seller that says it has settled this payment has decided, whatever the status is. */
  private static boolean isUnknown(int status, Payment answered) {
    return UNKNOWN.contains(status) && !answered.settled();
  }

  private static IOException noResponse() {
    return new IOException("the wrapped client gave no response");
  }
}
