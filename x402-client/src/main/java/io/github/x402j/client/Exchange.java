// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import java.io.IOException;
import java.net.URI;
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
  private final HttpRequest sent;
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
    this.sent = RepeatableBody.watched(request);
    this.callers = callers;
    this.pushes = pushes;
  }

  /** Sends the request. Cancelling the future cancels what is under way. */
  CompletableFuture<HttpResponse<T>> start() {
    ChallengeReader<T> reader =
        new ChallengeReader<>(callers, sending.executor(), sending.descriptorWithin());
    return underWay.completeWith(first(reader).thenCompose(response -> answered(response, reader)));
  }

  /** Sends the request without a payment; with a receipt that covers it, if there is one. */
  private CompletableFuture<HttpResponse<T>> first(ChallengeReader<T> reader) {
    Optional<StoredReceipt> receipt = sending.receipts().covering(request);
    if (receipt.isEmpty()) {
      return underWay.waitFor(sending.wrapped().sendAsync(sent, reader, pushes));
    }
    HttpRequest shown = Receipts.with(receipt.get(), sent);
    return underWay
        .waitFor(sending.withoutRedirects().sendAsync(shown, reader, pushes))
        .thenApplyAsync(
            response -> {
              sending.receipts().shown(receipt.get(), response);
              return new SentResponse<>(response, request);
            },
            sending.executor());
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
    // Deciding and signing may wait for a disk, a person or a KMS: not on the connection's thread.
    return CompletableFuture.supplyAsync(() -> offers(response, reader), sending.executor())
        .thenCompose(
            offers ->
                repeatable(offers, response)
                    .thenApplyAsync(unpaid -> paid(unpaid, offers), sending.executor()))
        .thenCompose(this::sendUnlessCancelled);
  }

  /** What can be taken of what a seller asks for. */
  private record Offers(String requestId, String method, URI url, List<Offer> inOrder) {}

  private record Paid(HttpRequest unpaid, Payment payment) {}

  /** Returns the offers that nothing but the rules of the wallet can be held against. */
  private Offers offers(HttpResponse<T> response, ChallengeReader<T> reader) {
    String requestId = cashier.newRequestId();
    try {
      Asked asked = reader.asked().orElseThrow();
      requireSafe(response);
      return new Offers(
          requestId,
          response.request().method(),
          response.uri(),
          selection.inOrder(response.uri(), asked));
    } catch (PaymentDeclinedException e) {
      throw declined(requestId, e);
    } catch (MalformedPaymentException e) {
      throw declined(
          requestId,
          PaymentDeclinedException.of(
              response.uri(),
              "descriptor",
              "one that can be read",
              String.valueOf(e.getMessage())));
    }
  }

  private CompletableFuture<HttpRequest> repeatable(Offers offers, HttpResponse<T> response) {
    return RepeatableBody.repeatable(withoutDetour(response))
        .exceptionallyCompose(
            failure -> {
              PaymentDeclinedException declined =
                  PaymentDeclinedException.of(
                      offers.url(),
                      "body",
                      "a request body that can be sent again",
                      "payment for one that cannot");
              declined.initCause(UnderWay.unwrapped(failure));
              return CompletableFuture.failedFuture(declined(offers.requestId(), declined));
            });
  }

  private Paid paid(HttpRequest unpaid, Offers offers) {
    try {
      Payment payment =
          cashier.pay(
              offers.requestId(),
              offers.method(),
              offers.url(),
              offers.inOrder(),
              underWay::isOver);
      return new Paid(unpaid, payment);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<HttpResponse<T>> sendUnlessCancelled(Paid paid) {
    if (underWay.isOver()) {
      cashier.outcomes().neverSent(paid.payment(), "cancelled before it was sent");
      return CompletableFuture.failedFuture(new CancellationException());
    }
    return sendPaid(paid.unpaid(), paid.payment(), false);
  }

  private CompletionException declined(String requestId, PaymentDeclinedException declined) {
    try {
      cashier.till().declined(requestId, request.method(), request.uri(), declined);
    } catch (IOException e) {
      declined.addSuppressed(e);
    }
    return new CompletionException(declined);
  }

  private CompletableFuture<HttpResponse<T>> sendPaid(
      HttpRequest unpaid, Payment payment, boolean sentBefore) {
    PaidRequest<T> next =
        new PaidRequest<>(
            sending, cashier.outcomes(), unpaid, payment, callers, pushes, underWay, sentBefore);
    paid = next;
    return next.send()
        .thenApplyAsync(
            response -> {
              sending.receipts().bought(unpaid, response);
              return response;
            },
            sending.executor());
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
    return response.uri().equals(request.uri()) ? sent : response.request();
  }
}
