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
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
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
  private final CancellableCall<HttpResponse<T>> call = new CancellableCall<>();
  private volatile @Nullable PaidAttempts<T> paid;

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
  }

  /** Sends the request. Cancelling the future cancels the step under way. */
  CompletableFuture<HttpResponse<T>> start() {
    PaymentDemand.Reader<T> reader =
        new PaymentDemand.Reader<>(callers, transport.executor(), transport.descriptorWithin());
    return call.completeWith(
        first(reader)
            .thenCompose(
                response ->
                    isAsked(response, reader)
                        ? pay(response, reader).thenCompose(this::sendUnlessCancelled)
                        : CompletableFuture.completedFuture(response)));
  }

  /**
   * Sends the request without a payment, and signs the one that it asks for. The answer to the
   * request carries the payment, which is not sent.
   */
  CompletableFuture<HttpResponse<T>> sign() {
    PaymentDemand.Reader<T> reader =
        new PaymentDemand.Reader<>(callers, transport.executor(), transport.descriptorWithin());
    return call.completeWith(
        first(reader)
            .thenCompose(
                response ->
                    isAsked(response, reader)
                        ? pay(response, reader).thenApply(paid -> handedOver(response, paid))
                        : CompletableFuture.completedFuture(response)));
  }

  private HttpResponse<T> handedOver(HttpResponse<T> response, Paid paid) {
    payments.pending(paid.payment(), "handed to the caller, who sends it");
    return new ClientResponse<>(response, request, paid.payment());
  }

  /** Sends the request without a payment, and with a receipt if one covers it. */
  private CompletableFuture<HttpResponse<T>> first(PaymentDemand.Reader<T> reader) {
    Optional<StoredReceipt> receipt = transport.receipts().covering(request);
    if (receipt.isEmpty()) {
      return call.waitFor(transport.wrapped().sendAsync(sent, reader, pushes));
    }
    HttpRequest shown = Receipts.with(receipt.get(), sent);
    return call.waitFor(transport.withoutRedirects().sendAsync(shown, reader, pushes))
        .thenApplyAsync(
            response -> {
              transport.receipts().shown(receipt.get(), response);
              return new ClientResponse<>(response, request, null);
            },
            transport.executor());
  }

  /** Sends the request again with a payment that was made before. */
  CompletableFuture<HttpResponse<T>> resume(Payment payment) {
    return call.completeWith(sendPaid(request, payment, true));
  }

  /** Returns the exception for a caller who stops waiting, empty if no payment was sent. */
  Optional<PaymentPendingException> abandoned(String why) {
    PaidAttempts<T> sent = paid;
    return sent == null ? Optional.empty() : sent.abandoned(why);
  }

  private boolean isAsked(HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    return response.statusCode() == 402 && reader.sawDescriptor();
  }

  private CompletableFuture<Paid> pay(HttpResponse<T> response, PaymentDemand.Reader<T> reader) {
    // Deciding and signing may wait for a disk, a person or a KMS, so not on the connection's
    // thread.
    return CompletableFuture.supplyAsync(() -> offers(response, reader), transport.executor())
        .thenCompose(
            offers ->
                repeatable(offers, response)
                    .thenApplyAsync(unpaid -> paid(unpaid, offers), transport.executor()));
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
              offers.request(RepeatableBody.fingerprint(unpaid)), offers.inOrder(), call::isOver);
      return new Paid(unpaid, payment);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<HttpResponse<T>> sendUnlessCancelled(Paid paid) {
    if (call.isOver()) {
      payments.neverSent(paid.payment(), "cancelled before it was sent");
      return CompletableFuture.failedFuture(new CancellationException());
    }
    try {
      payments.keep(paid.unpaid(), paid.payment(), transport.clock().instant());
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
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
        new PaidAttempts<>(transport, payments, unpaid, payment, callers, pushes, call, sentBefore);
    paid = next;
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

  /**
   * The future that a caller holds, and the step that it waits for now. Cancelling the future
   * cancels the step, and no step begins after that. Safe for use by several threads.
   */
  static final class CancellableCall<R> {
    private final CompletableFuture<R> result = new CompletableFuture<>();
    private @Nullable CompletableFuture<?> step;

    CancellableCall() {
      result.whenComplete((value, failure) -> cancelStep());
    }

    /** Returns the future for the caller. */
    CompletableFuture<R> result() {
      return result;
    }

    /** Returns whether the caller has a result, or no longer wants one. */
    boolean isOver() {
      return result.isDone();
    }

    /** Returns the step, which from now on is cancelled with the result. */
    <S> CompletableFuture<S> waitFor(CompletableFuture<S> next) {
      synchronized (this) {
        step = next;
      }
      if (result.isDone()) {
        next.cancel(true);
      }
      return next;
    }

    /** Gives the outcome to the caller. */
    CompletableFuture<R> completeWith(CompletableFuture<R> outcome) {
      outcome.whenComplete(
          (value, failure) -> {
            if (failure != null) {
              result.completeExceptionally(unwrapped(failure));
            } else {
              result.complete(value);
            }
          });
      return result;
    }

    /** Returns the failure of a step without the exceptions that futures wrap around it. */
    static Throwable unwrapped(Throwable failure) {
      Throwable cause = failure.getCause();
      boolean isWrapper =
          failure instanceof CompletionException || failure instanceof ExecutionException;
      return isWrapper && cause != null ? unwrapped(cause) : failure;
    }

    private void cancelStep() {
      CompletableFuture<?> last;
      synchronized (this) {
        last = step;
      }
      if (last != null) {
        last.cancel(
            true); // does nothing if the step is done; only a caller who cancels ends earlier
      }
    }
  }
}
