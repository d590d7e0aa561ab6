// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.http.Backoff;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * How requests are sent, and what comes back: the two clients that they go over, and the policy for
 * sending a payment again. Immutable.
 *
 * @param wrapped the caller's client, for requests without a payment
 * @param unredirected for requests with one: a client that follows a redirect sends every header
 *     along, to any host
 * @param retries when a payment with an unknown outcome is sent again
 * @param descriptorWithin how long the client waits for the end of a 402's body
 * @param executor runs the steps that may block
 * @param receipts shown instead of a payment
 * @param signsIn whether to sign in, where that is offered, for what was paid for before
 */
record Transport(
    HttpClient wrapped,
    UnredirectedClient unredirected,
    RetryPolicy retries,
    Duration descriptorWithin,
    Clock clock,
    Executor executor,
    Receipts receipts,
    boolean signsIn) {

  static Transport over(
      HttpClient wrapped,
      UnredirectedClient unredirected,
      RetryPolicy retries,
      Duration descriptorWithin,
      Clock clock,
      Receipts receipts,
      boolean signsIn) {
    Executor executor =
        wrapped.executor().orElseGet(() -> new CompletableFuture<>().defaultExecutor());
    return new Transport(
        wrapped, unredirected, retries, descriptorWithin, clock, executor, receipts, signsIn);
  }

  /** Returns the client for requests with a payment. */
  HttpClient withoutRedirects() {
    return unredirected.get();
  }

  /**
   * When a payment with an unknown outcome is sent again. Immutable.
   *
   * @param times how often after the first attempt, at least 0
   * @param within how long after the first attempt another may begin
   * @param firstPause the pause before the second attempt; it doubles each time
   * @param maxPause the longest pause, whatever the seller asks for
   */
  record RetryPolicy(int times, Duration within, Duration firstPause, Duration maxPause) {
    /** The longest pause by default: twice the lease of a seller with x402j. */
    private static final Duration MAX_PAUSE = Duration.ofSeconds(60);

    /** The longest pause that no seller asks for. */
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(10);

    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    RetryPolicy {
      if (times < 0) {
        throw new IllegalArgumentException("resend times: expected at least 0, found " + times);
      }
      if (within.isNegative()) {
        throw new IllegalArgumentException(
            "resend within: expected at least zero, found " + within);
      }
    }

    static RetryPolicy of(int times, Duration within) {
      return new RetryPolicy(times, within, Duration.ofMillis(500), MAX_PAUSE);
    }

    /** Returns this policy for a shorter time. */
    RetryPolicy within(Duration shorter) {
      return new RetryPolicy(times, shorter, firstPause, maxPause);
    }

    /** Returns the pauses that are due, before the first is taken. */
    Backoff backoff() {
      return new Backoff(
          firstPause, 2, maxPause.compareTo(MAX_BACKOFF) <= 0 ? maxPause : MAX_BACKOFF);
    }

    /**
     * Returns the longer of the pause that is due and the one that the seller asks for ({@code
     * Retry-After} in seconds), and at most the longest pause.
     */
    Duration pause(Duration due, Optional<HttpHeaders> answer) {
      Duration asked =
          answer
              .flatMap(headers -> headers.firstValue("Retry-After"))
              .map(String::trim)
              .filter(text -> SECONDS.matcher(text).matches())
              .map(text -> Duration.ofSeconds(Long.parseLong(text)))
              .orElse(Duration.ZERO);
      Duration pause = due.compareTo(asked) >= 0 ? due : asked;
      return pause.compareTo(maxPause) <= 0 ? pause : maxPause;
    }
  }

  /** A response whose request shows neither the payment nor the receipt that was sent with it. */
  static final class ClientResponse<T> implements HttpResponse<T> {
    private final HttpResponse<T> response;
    private final HttpRequest request;
    private final @Nullable Payment payment;

    /**
     * @param request the request that was sent, without payment and receipt, so that code which
     *     logs a response and its request logs neither
     * @param payment the payment that was sent, null if none was
     */
    ClientResponse(HttpResponse<T> response, HttpRequest request, @Nullable Payment payment) {
      this.response = response;
      this.request = request;
      this.payment = payment;
    }

    Optional<Payment> payment() {
      return Optional.ofNullable(payment);
    }

    @Override
    public HttpRequest request() {
      return request;
    }

    @Override
    public int statusCode() {
      return response.statusCode();
    }

    @Override
    public Optional<HttpResponse<T>> previousResponse() {
      return response.previousResponse();
    }

    @Override
    public HttpHeaders headers() {
      return response.headers();
    }

    @Override
    public T body() {
      return response.body();
    }

    @Override
    public Optional<SSLSession> sslSession() {
      return response.sslSession();
    }

    @Override
    public URI uri() {
      return response.uri();
    }

    @Override
    public HttpClient.Version version() {
      return response.version();
    }

    @Override
    public String toString() {
      String paid = payment == null ? "" : ", " + payment;
      return String.format(
          "ClientResponse[%s %s %d%s]", request.method(), uri(), statusCode(), paid);
    }
  }
}
