// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import io.github.x402j.client.Transport.ClientResponse;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.RequestToPay;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpTimeoutException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** One request of the caller's. It is sent, and paid for at most once if a 402 answers it. */
final class PayingCall<T> {
  private final Transport transport;
  private final OfferSelection selection;
  private final WalletPayments payments;
  private final HttpRequest request;
  private final HttpRequest sent;
  private final BodyHandler<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final TimeLimit limit;
  private final CancellableCall<HttpResponse<T>> call =
      new CancellableCall<>(() -> stop("the caller stopped waiting", null));
  private @Nullable PaidAttempts<T> paid;
  private boolean stopped;

  /**
   * @throws IllegalArgumentException if the request already carries a payment
   */
  PayingCall(
      Transport transport,
      OfferSelection selection,
      WalletPayments payments,
      HttpRequest request,
      BodyHandler<T> callers,
      @Nullable PushPromiseHandler<T> pushes) {
    for (String header : List.of(PaymentHeader.PAYMENT_SIGNATURE, PaymentHeader.X_PAYMENT)) {
      if (request.headers().firstValue(header).isPresent()) {
        throw new IllegalArgumentException(
            "request: it already carries " + header + "; send it over the wrapped client");
      }
    }
    this.transport = transport;
    this.selection = selection;
    this.payments = payments;
    this.request = request;
    this.sent = RepeatableBody.watched(request);
    this.callers = callers;
    this.pushes = pushes;
    this.limit = TimeLimit.of(request);
  }

  /** Sends the request. Cancelling the future cancels the step under way. */
  CompletableFuture<HttpResponse<T>> start() {
    PaymentDemand.Reader<T> reader = reader();
    return completeWith(
        first(reader)
            .thenCompose(
                response ->
                    isAsked(response, reader)
                        ? signInOrPay(response, reader)
                        : CompletableFuture.completedFuture(response)));
  }

  /**
   * Sends the request without a payment, and signs the one that it asks for. The answer to the
   * request carries the payment, which is not sent.
   */
  CompletableFuture<HttpResponse<T>> sign() {
    PaymentDemand.Reader<T> reader = reader();
    return completeWith(
        first(reader)
            .thenCompose(
                response ->
                    isAsked(response, reader)
                        ? pay(response, reader).thenApply(paid -> handedOver(response, paid))
                        : CompletableFuture.completedFuture(response)));
  }

  private CompletableFuture<HttpResponse<T>> completeWith(
      CompletableFuture<HttpResponse<T>> outcome) {
    // Who has stopped the call gives the outcome; that a step then fails is no news.
    return call.completeWith(outcome, this::isStopped);
  }

  private PaymentDemand.Reader<T> reader() {
    return new PaymentDemand.Reader<>(
        request.uri(),
        callers,
        transport.executor(),
        () -> limit.atMost(transport.descriptorWithin()));
  }

  private HttpResponse<T> handedOver(HttpResponse<T> response, Paid paid) {
    if (isStopped()) {
      payments.neverSent(paid.payment(), "the caller stopped waiting before it was handed over");
      throw new CancellationException();
    }
    payments.pending(paid.payment(), "handed to the caller, who sends it");
    return new ClientResponse<>(response, request, paid.payment());
  }

  /** Sends the request without a payment, and with a receipt if one covers it. */
  private CompletableFuture<HttpResponse<T>> first(PaymentDemand.Reader<T> reader) {
    Optional<StoredReceipt> receipt = transport.receipts().covering(request);
    if (receipt.isEmpty()) {
      return first(transport.wrapped(), sent, reader);
    }
    HttpRequest shown = Receipts.with(receipt.get(), sent);
    return first(transport.withoutRedirects(), shown, reader)
        .thenApplyAsync(
            response -> {
              transport.receipts().shown(receipt.get(), response);
              return new ClientResponse<>(response, request, null);
            },
            transport.executor());
  }

  private CompletableFuture<HttpResponse<T>> first(
      HttpClient client, HttpRequest unpaid, PaymentDemand.Reader<T> reader) {
    return call.waitFor(client.sendAsync(unpaid, reader, pushes))
        .whenComplete(
            (response, failure) -> {
              if (failure != null) {
                call.sendingFailed(failure);
              }
            });
  }

  /** Sends the request again with a payment that was made before. */
  CompletableFuture<HttpResponse<T>> resume(Payment payment) {
    timed();
    return completeWith(sendPaid(request, payment, true));
  }

  /**
   * Ends the call when the time of the request is over. The wrapped client times a first answer.
   */
  private void timed() {
    limit
        .left()
        .ifPresent(
            left ->
                call.failAfter(left, () -> failure(new HttpTimeoutException("request timed out"))));
  }

  /** Ends the call, with the failure unless a payment has left. */
  void end(IOException why) {
    failure(why).ifPresent(call::fail);
  }

  /** Returns what the call ends with; empty if its outcome is on its way. */
  private Optional<Exception> failure(IOException why) {
    PaidAttempts<T> sent;
    synchronized (this) {
      sent = paid;
      stopped |= sent == null;
    }
    call.sendingFailed(why);
    return sent == null ? Optional.of(why) : sent.ended(String.valueOf(why.getMessage()), why);
  }

  /**
   * Stops: nothing is signed or sent after that. Returns the exception for the caller, empty if no
   * payment was sent, or its outcome is known.
   */
  Optional<PaymentPendingException> stop(String why, @Nullable Throwable cause) {
    PaidAttempts<T> sent;
    synchronized (this) {
      stopped = true;
      sent = paid;
    }
    return sent == null ? Optional.empty() : sent.abandoned(why, cause);
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  /** Takes note of what {@link #stop} is to stop; returns false if that has happened. */
  private synchronized boolean begins(PaidAttempts<T> next) {
    paid = next;
    return !stopped;
  }

  /** Runs this when the call has ended and nothing of it is left to be done. */
  void afterwards(Runnable next) {
    call.afterwards(next);
  }

  /** Takes note of how the wrapped client failed, or refused. */
  void sendingFailed(Throwable failure) {
    call.sendingFailed(failure);
  }

  /** Returns whether the wrapped client failed with this. */
  boolean isSendingFailure(Throwable failure) {
    return call.isSendingFailure(failure);
  }

  private boolean isAsked(HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    return response.statusCode() == 402 && reader.sawDescriptor();
  }

  private CompletableFuture<Paid> pay(HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    timed();
    // Deciding and signing may wait for a disk, a person or a KMS, so not on the connection's
    // thread.
    return CompletableFuture.supplyAsync(() -> offers(response, reader), transport.executor())
        .thenCompose(
            offers ->
                repeatable(offers, response)
                    .thenApplyAsync(unpaid -> paid(unpaid, offers), transport.executor()));
  }

  /** Signs in for what was paid for before, if that is offered. What is refused is paid for. */
  private CompletableFuture<HttpResponse<T>> signInOrPay(
      HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    if (!isSignInOffered(reader)) {
      return payAndSend(response, reader);
    }
    return RepeatableBody.repeatable(answeredRequest(response))
        .thenApplyAsync(unpaid -> signedIn(unpaid, response, reader), transport.executor())
        .exceptionally(failure -> Optional.empty()) // what is wrong is found when it is paid for
        .thenCompose(
            signedIn ->
                signedIn.isEmpty()
                    ? payAndSend(response, reader)
                    : first(transport.withoutRedirects(), signedIn.get(), reader)
                        .thenCompose(answer -> afterSignIn(answer, response, reader)));
  }

  private CompletableFuture<HttpResponse<T>> payAndSend(
      HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    return pay(response, reader).thenCompose(this::sendUnlessCancelled);
  }

  private boolean isSignInOffered(PaymentDemand.Reader<T> reader) {
    try {
      return transport.signsIn()
          && request.headers().firstValue(PaymentHeader.SIGN_IN_WITH_X).isEmpty()
          && reader.demand().filter(SignInOffer::isIn).isPresent();
    } catch (MalformedPaymentException e) {
      return false;
    }
  }

  /** Returns the request with a sign-in, empty if it was not paid for before. */
  private Optional<HttpRequest> signedIn(
      HttpRequest unpaid, HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    try {
      requireSafe(response);
      RequestToPay asked =
          new RequestToPay(
              payments.newRequestId(),
              unpaid.method(),
              response.uri(),
              RepeatableBody.fingerprint(unpaid));
      return payments
          .signIn(asked, reader.demand().orElseThrow(), selection.networks())
          .map(header -> withSignIn(unpaid, header));
    } catch (IOException | MalformedPaymentException e) {
      throw new CompletionException(e);
    }
  }

  private HttpRequest withSignIn(HttpRequest unpaid, String header) {
    return limit.on(
        HttpRequest.newBuilder(unpaid, (name, value) -> true)
            .setHeader(PaymentHeader.SIGN_IN_WITH_X, header)
            .build());
  }

  private CompletableFuture<HttpResponse<T>> afterSignIn(
      HttpResponse<T> answer, HttpResponse<T> before, PaymentDemand.Reader<T> reader) {
    return isAsked(answer, reader)
        ? payAndSend(before, reader)
        : CompletableFuture.completedFuture(new ClientResponse<>(answer, request, null));
  }

  /** The offers of a 402 that can be paid. */
  private record Offers(String requestId, String method, URI url, List<Offer> inOrder) {
    RequestToPay request(String fingerprint) {
      return new RequestToPay(requestId, method, url, fingerprint);
    }
  }

  private record Paid(HttpRequest unpaid, Payment payment) {}

  /** Returns the offers that only the rules of the wallet can still decline. */
  private Offers offers(HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    String requestId = payments.newRequestId();
    try {
      PaymentDemand demand = reader.demand().orElseThrow();
      requireSafe(response);
      return new Offers(
          requestId,
          response.request().method(),
          response.uri(),
          selection.inOrder(response.uri(), demand));
    } catch (PaymentDeclinedException e) {
      throw declined(requestId, e);
    } catch (MalformedPaymentException e) {
      throw declined(requestId, PaymentDeclinedException.unreadable(response.uri(), e));
    }
  }

  private CompletableFuture<HttpRequest> repeatable(Offers offers, HttpResponse<T> response) {
    return RepeatableBody.repeatable(answeredRequest(response))
        .exceptionallyCompose(
            failure -> {
              PaymentDeclinedException declined =
                  PaymentDeclinedException.unrepeatable(offers.url());
              declined.initCause(CancellableCall.unwrapped(failure));
              return CompletableFuture.failedFuture(declined(offers.requestId(), declined));
            });
  }

  private Paid paid(HttpRequest unpaid, Offers offers) {
    try {
      Payment payment =
          payments.pay(
              offers.request(RepeatableBody.fingerprint(unpaid)),
              offers.inOrder(),
              this::isStopped);
      return new Paid(unpaid, payment);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<HttpResponse<T>> sendUnlessCancelled(Paid paid) {
    if (!isStopped()) {
      try {
        payments.keep(paid.unpaid(), paid.payment(), transport.clock().instant());
      } catch (IOException e) {
        return CompletableFuture.failedFuture(e);
      }
    }
    return sendPaid(paid.unpaid(), paid.payment(), false);
  }

  private CompletionException declined(String requestId, PaymentDeclinedException declined) {
    return new CompletionException(
        payments.declined(requestId, request.method(), request.uri(), declined));
  }

  private CompletableFuture<HttpResponse<T>> sendPaid(
      HttpRequest unpaid, Payment payment, boolean sentBefore) {
    PaidAttempts<T> next =
        new PaidAttempts<>(
            transport, payments, unpaid, payment, callers, pushes, call, limit, sentBefore);
    if (!begins(next)) {
      next.abandoned("the caller stopped waiting before it was sent", null);
      return CompletableFuture.failedFuture(new CancellationException());
    }
    return next.send()
        .thenApplyAsync(
            response -> {
              transport.receipts().bought(unpaid, response);
              return response;
            },
            transport.executor());
  }

  /**
   * Requires that the 402 is from the origin that the caller asked, that no other origin led there,
   * and that the payment cannot be read on its way.
   */
  private void requireSafe(HttpResponse<T> response) throws PaymentDeclinedException {
    Optional<HttpResponse<T>> step = Optional.of(response);
    while (step.isPresent()) {
      Origin.requireAsked(request.uri(), step.get().uri());
      step = step.get().previousResponse();
    }
    Origin.requireConfidential(request.uri());
  }

  /** Returns the request that the 402 answers: after a redirect, the one that followed it. */
  private HttpRequest answeredRequest(HttpResponse<T> response) {
    return response.uri().equals(request.uri()) ? sent : response.request();
  }
}
