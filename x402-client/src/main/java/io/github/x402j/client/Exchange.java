// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** One request of the caller's: sent, and where a 402 answers it, paid for at most once. */
final class Exchange<T> {
  private final Sending sending;
  private final OfferSelection selection;
  private final Cashier cashier;
  private final HttpRequest request;
  private final BodyHandler<T> callers;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final UnderWay<HttpResponse<T>> underWay = new UnderWay<>();
  private volatile @Nullable PaidRequest<T> paid;

  Exchange(
      Sending sending,
      OfferSelection selection,
      Cashier cashier,
      HttpRequest request,
      BodyHandler<T> callers,
      @Nullable PushPromiseHandler<T> pushes) {
    this.sending = sending;
    this.selection = selection;
    this.cashier = cashier;
    this.request = request;
    this.callers = callers;
    this.pushes = pushes;
  }

  /** Sends the request. Cancelling the future cancels what is under way. */
  CompletableFuture<HttpResponse<T>> start() {
    ChallengeReader<T> reader =
        new ChallengeReader<>(callers, sending.executor(), sending.descriptorWithin());
    return underWay.completeWith(
        underWay
            .waitFor(sending.wrapped().sendAsync(request, reader, pushes))
            .thenCompose(response -> answered(response, reader)));
  }

  /** Sends a payment again that was made before. */
  CompletableFuture<HttpResponse<T>> resume(Payment payment) {
    return underWay.completeWith(sendPaid(request, payment, true));
  }

  /** Returns what to tell a caller who stops waiting, empty if no payment was sent. */
  Optional<PaymentPendingException> abandoned(String why) {
    PaidRequest<T> sent = paid;
    return sent == null ? Optional.empty() : sent.abandoned(why);
  }

  private CompletableFuture<HttpResponse<T>> answered(
      HttpResponse<T> response, ChallengeReader<T> reader) {
    if (response.statusCode() != 402) {
      return CompletableFuture.completedFuture(response);
    }
    if (!reader.sawDescriptor()) {
      return CompletableFuture.completedFuture(response);
    }
    // Deciding and signing may wait for a disk, a person or a KMS: not on a connection's thread.
    return CompletableFuture.supplyAsync(() -> pay(response, reader), sending.executor())
        .thenCompose(
            payment -> {
              if (underWay.isOver()) {
                cashier.outcomes().neverSent(payment, "cancelled before it was sent");
                return CompletableFuture.failedFuture(new CancellationException());
              }
              return sendPaid(withoutDetour(response), payment, false);
            });
  }

  private Payment pay(HttpResponse<T> response, ChallengeReader<T> reader) {
    String requestId = cashier.newRequestId();
    String method = response.request().method();
    try {
      List<Offer> offers = acceptable(requestId, response, reader);
      return cashier.pay(requestId, method, response.uri(), offers, underWay::isOver);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /** Returns the offers that nothing but the rules of the wallet can be held against. */
  private List<Offer> acceptable(
      String requestId, HttpResponse<T> response, ChallengeReader<T> reader) throws IOException {
    try {
      Asked asked = reader.asked().orElseThrow();
      requireSafe(response);
      return selection.inOrder(response.uri(), asked);
    } catch (PaymentDeclinedException e) {
      cashier.till().declined(requestId, request.method(), request.uri(), e);
      throw e;
    } catch (MalformedPaymentException e) {
      PaymentDeclinedException declined =
          PaymentDeclinedException.of(
              response.uri(), "descriptor", "one that can be read", String.valueOf(e.getMessage()));
      cashier.till().declined(requestId, request.method(), request.uri(), declined);
      throw declined;
    }
  }

  private CompletableFuture<HttpResponse<T>> sendPaid(
      HttpRequest unpaid, Payment payment, boolean sentBefore) {
    PaidRequest<T> next =
        new PaidRequest<>(
            sending, cashier.outcomes(), unpaid, payment, callers, pushes, underWay, sentBefore);
    paid = next;
    return next.send();
  }

  /**
   * Requires that the 402 is from whom the caller asked, that nobody else led there, and that
   * nobody reads the payment.
   */
  private void requireSafe(HttpResponse<T> response) throws PaymentDeclinedException {
    Optional<Origin> asked = Origin.of(request.uri());
    Optional<HttpResponse<T>> step = Optional.of(response);
    while (step.isPresent()) {
      Optional<Origin> answering = Origin.of(step.get().uri());
      if (answering.isEmpty() || !answering.equals(asked)) {
        throw PaymentDeclinedException.of(
            request.uri(),
            "redirect",
            "the origin that was asked",
            "payment after a redirect by way of "
                + answering.map(Origin::toString).orElse("an unknown origin"));
      }
      step = step.get().previousResponse();
    }
    if (asked.isEmpty() || !asked.get().isConfidential()) {
      throw PaymentDeclinedException.of(
          request.uri(), "confidential", "HTTPS, or a loopback address", "payment over plain HTTP");
    }
  }

  /** Returns the request that the 402 answers: after a redirect, the one that it led to. */
  private HttpRequest withoutDetour(HttpResponse<T> response) {
    return response.uri().equals(request.uri()) ? request : response.request();
  }
}
