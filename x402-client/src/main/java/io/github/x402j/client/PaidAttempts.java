// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.client.Transport.ClientResponse;
import io.github.x402j.http.SendingWatch;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Carries out a {@link Purchase} over the JDK's client, without blocking. */
final class PaidAttempts<T> {
  private final HttpClient http;
  private final Executor executor;
  private final Purchase purchase;
  private final HttpRequest unpaid;
  private final HttpRequest paid;
  private final SendingWatch watch;
  private final CallersBody<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final CancellableCall<HttpResponse<T>> call;
  private final TimeLimit limit;
  private int handedOver; // to the client

  /**
   * @param limit of the request, in which all attempts must begin and be answered
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
      TimeLimit limit,
      boolean sentBefore) {
    this.http = transport.withoutRedirects();
    this.executor = transport.executor();
    this.purchase =
        new Purchase(
            payments,
            transport.retries().within(limit.atMost(transport.retries().within())),
            transport.clock(),
            unpaid,
            payment,
            sentBefore,
            false);
    this.unpaid = unpaid;
    this.watch = SendingWatch.of(unpaid);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(unpaid, (name, value) -> true).method(unpaid.method(), watch);
    purchase.secretHeaders().forEach(request::setHeader);
    this.paid = request.build();
    this.callers = new CallersBody<>(callers);
    this.pushes = pushes;
    this.call = call;
    this.limit = limit;
  }

  /** Returns the final answer to the payment, whatever its status. */
  CompletableFuture<HttpResponse<T>> send() {
    handedOver = watch.timesSent() + 1;
    try {
      HttpRequest next = limit.on(paid);
      return call.waitFor(purchase.begin(() -> http.sendAsync(next, this::handleBody, pushes)))
          .handle(this::next)
          .thenCompose(Function.identity());
    } catch (IOException | PaymentException e) { // nothing was sent this time
      return CompletableFuture.failedFuture(e);
    } catch (CancellationException e) { // whoever has ended the purchase gives the outcome
      return new CompletableFuture<>();
    }
  }

  /** Does what {@link Purchase#ended} does. */
  Optional<Exception> ended(String why, IOException failure) {
    return purchase.ended(why, failure);
  }

  /**
   * Records that the caller stops waiting; nothing is sent after that. Returns the exception for
   * the caller, empty if the payment never left, or if its outcome is known.
   */
  Optional<PaymentPendingException> abandoned(String why, @Nullable Throwable cause) {
    return purchase.abandoned(why, cause);
  }

  private BodySubscriber<T> handleBody(ResponseInfo info) {
    if (purchase.leavesOutcomeOpen(info.statusCode(), info.headers())) {
      return PeekedBody.discarding(executor);
    }
    call.answerBegins();
    return callers.apply(info);
  }

  private CompletableFuture<HttpResponse<T>> next(
      @Nullable HttpResponse<T> response, @Nullable Throwable failure) {
    try {
      if (failure != null && purchase.isOver()) { // whoever has ended it gives the outcome
        return new CompletableFuture<>();
      }
      if (failure != null || response == null) {
        return again(failed(CancellableCall.unwrapped(failure == null ? noResponse() : failure)));
      }
      if (watch.timesSent() > handedOver) {
        purchase.repeated();
      }
      Optional<Duration> again = purchase.answered(response.statusCode(), response.headers());
      return again.isPresent()
          ? again(again.get())
          : CompletableFuture.completedFuture(
              new ClientResponse<>(response, unpaid, answered(response)));
    } catch (Throwable e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private Payment answered(HttpResponse<T> response) {
    return purchase.payment().answered(response.headers());
  }

  /** Returns the pause before the next sending. */
  private Duration failed(Throwable failure) throws Throwable {
    call.sendingFailed(failure);
    if (failure instanceof IOException lost && !callers.failed()) {
      return mayHaveLeft() ? purchase.lost(lost) : purchase.notSent(lost);
    }
    abandoned("the request failed", null).ifPresent(failure::addSuppressed);
    throw failure;
  }

  private CompletableFuture<HttpResponse<T>> again(Duration pause) {
    CompletableFuture<Void> waiting = new CompletableFuture<>();
    waiting.completeOnTimeout(null, pause.toNanos(), TimeUnit.NANOSECONDS);
    return call.waitFor(waiting).thenComposeAsync(nothing -> send(), executor);
  }

  /** Returns whether a payment of this call may have left this process, now or before. */
  private boolean mayHaveLeft() {
    return purchase.isOpen() || watch.mayHaveLeft(http);
  }

  private static IOException noResponse() {
    return new IOException("the wrapped client gave no response");
  }
}
