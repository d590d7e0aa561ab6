// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.Objects.requireNonNull;

import io.github.x402j.PaymentHeader;
import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * An {@link HttpClient} that pays where a server answers {@code 402 Payment Required}, once per
 * request, up to a limit, in the tokens that it was told.
 *
 * <pre>{@code
 * HttpClient client =
 *     PayingHttpClient.over(HttpClient.newHttpClient())
 *         .signer(EvmSigner.fromEnvironment("AGENT_KEY"))
 *         .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
 *         .token(Usdc.BASE)
 *         .build();
 * HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
 * Optional<Payment> paid = Payment.of(response);
 * }</pre>
 *
 * <p><b>What is paid.</b> A 402 with a descriptor of version 2 (header) or 1 (body). Of the options
 * in the caller's tokens whose price is at most the limit, the cheapest in the first token that has
 * one. The authorization is valid from {@link #BACKDATING} ago until what the seller asks for, at
 * most {@link #MAX_WINDOW}. The request is sent again with the payment; its answer, a second 402
 * included, is the caller's.
 *
 * <p><b>What is not paid</b> and throws {@link PaymentDeclinedException} before anything is signed:
 * what no rule of the caller allows; a 402 that a redirect to another origin led to; plain HTTP
 * other than to a loopback address; a descriptor that names a resource of another host (scheme and
 * port may differ where the URL names no port, as sellers behind a proxy do not know them), of
 * another EIP-712 domain than the caller's token has, or that cannot be read. A 402 without a
 * descriptor is an ordinary response.
 *
 * <p><b>Unknown outcomes.</b> If the answer to a payment is lost (timeout, connection, 502, 504) or
 * is a 503, the same request with the same payment is sent again, with growing pauses that respect
 * {@code Retry-After} up to ten seconds. A further payment is never made. If the outcome stays
 * unknown, {@link PaymentPendingException} carries the payment, to be {@link #resend resent} later.
 * A request that is cancelled or interrupted after its payment was sent may have been paid; {@code
 * send} adds the {@code PaymentPendingException} to the {@link InterruptedException} as suppressed.
 *
 * <p><b>Bodies.</b> A request is sent twice or more, so its body publisher must give the same body
 * each time. Before paying it is asked for the body a second time, and what it gives is compared
 * with what was sent; a body that is another one then, as that of a stream which can be read once,
 * is declined. A body of up to a mebibyte is kept; a longer one is asked for again when it is sent.
 *
 * <p><b>Redirects.</b> Requests without a payment follow redirects as the wrapped client does.
 * Requests with one follow none, because the JDK's client would take the payment along to any host;
 * a redirect that answers a payment is the caller's response. Where the wrapped client follows
 * redirects, requests with a payment are sent over a second client that is made of its settings;
 * wrap one with {@link HttpClient.Redirect#NEVER} to have just one.
 *
 * <p>Safe for use by several threads. {@code sendAsync} blocks no thread, unless the signer does.
 * Closing this client (Java 21) leaves the wrapped one open.
 */
public final class PayingHttpClient extends HttpClient {
  /** How far back an authorization begins, so that clocks may differ. */
  public static final Duration BACKDATING = Duration.ofSeconds(60);

  /** The longest that an authorization is valid, whatever the seller asks for. */
  public static final Duration MAX_WINDOW = Duration.ofMinutes(10);

  /** How often a payment with an unknown outcome is sent again, by default. */
  public static final int RESEND_TIMES = 4;

  /** For how long a payment with an unknown outcome is sent again, by default. */
  public static final Duration RESEND_WITHIN = Duration.ofSeconds(60);

  private final Sending sending;
  private final OfferSelection selection;
  private final Cashier cashier;

  PayingHttpClient(Sending sending, OfferSelection selection, Cashier cashier) {
    this.sending = sending;
    this.selection = selection;
    this.cashier = cashier;
  }

  /**
   * Begins a client that sends its requests over another.
   *
   * @throws IllegalArgumentException if that one pays itself
   */
  public static PayingHttpClientBuilder over(HttpClient wrapped) {
    if (requireNonNull(wrapped) instanceof PayingHttpClient) {
      throw new IllegalArgumentException(
          "the wrapped client pays already; two of them would pay twice for one request");
    }
    return new PayingHttpClientBuilder(wrapped);
  }

  /**
   * Sends the request, pays for it if need be, and returns the answer.
   *
   * @throws PaymentDeclinedException if a payment was asked for that is not allowed
   * @throws PaymentPendingException if a payment was sent and its outcome is not known
   * @throws IllegalArgumentException if the request carries a payment already
   */
  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> bodyHandler)
      throws IOException, InterruptedException {
    Exchange<T> exchange = exchange(request, bodyHandler, null);
    return await(exchange, exchange.start());
  }

  /**
   * Does what {@link #send} does without waiting for it; the future fails with the exceptions that
   * {@code send} throws. Cancelling it cancels the step under way, and nothing is signed after
   * that.
   */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> bodyHandler) {
    return exchange(request, bodyHandler, null).start();
  }

  /** Does what {@link #sendAsync(HttpRequest, BodyHandler)} does. Pushes are not paid for. */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      BodyHandler<T> bodyHandler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    return exchange(request, bodyHandler, pushPromiseHandler).start();
  }

  /**
   * Sends a request again with the payment that was made for it, and returns the answer. Makes no
   * other payment, whatever the answer is.
   *
   * @throws PaymentPendingException if the outcome is still not known
   * @throws IllegalArgumentException if the exception was serialised and has lost its payment
   * @throws InterruptedException if the thread is interrupted: the outcome is not known then
   */
  public <T> HttpResponse<T> resend(PaymentPendingException pending, BodyHandler<T> bodyHandler)
      throws IOException, InterruptedException {
    Exchange<T> exchange = exchangeOf(pending, bodyHandler);
    return await(exchange, exchange.resume(pending.payment()));
  }

  /** Does what {@link #resend} does without waiting for it. */
  public <T> CompletableFuture<HttpResponse<T>> resendAsync(
      PaymentPendingException pending, BodyHandler<T> bodyHandler) {
    return exchangeOf(pending, bodyHandler).resume(pending.payment());
  }

  private <T> Exchange<T> exchangeOf(PaymentPendingException pending, BodyHandler<T> bodyHandler) {
    if (pending.request() == null || pending.payment() == null) {
      throw new IllegalArgumentException("pending: the payment is not serialised with it");
    }
    return exchange(pending.request(), bodyHandler, null);
  }

  private <T> Exchange<T> exchange(
      HttpRequest request,
      BodyHandler<T> bodyHandler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    for (String header : new String[] {PaymentHeader.PAYMENT_SIGNATURE, PaymentHeader.X_PAYMENT}) {
      if (request.headers().firstValue(header).isPresent()) {
        throw new IllegalArgumentException(
            "request: it carries " + header + " already; send it over the wrapped client");
      }
    }
    return new Exchange<>(
        sending, selection, cashier, request, requireNonNull(bodyHandler), pushPromiseHandler);
  }

  private static <T> HttpResponse<T> await(
      Exchange<T> exchange, CompletableFuture<HttpResponse<T>> future)
      throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      future.cancel(true);
      exchange.abandoned("interrupted").ifPresent(e::addSuppressed);
      throw e;
    } catch (ExecutionException e) {
      Throwable cause = UnderWay.unwrapped(e);
      if (cause instanceof IOException failure) {
        throw failure;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IOException(cause);
    }
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return sending.wrapped().cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return sending.wrapped().connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return sending.wrapped().followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return sending.wrapped().proxy();
  }

  @Override
  public SSLContext sslContext() {
    return sending.wrapped().sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return sending.wrapped().sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return sending.wrapped().authenticator();
  }

  @Override
  public Version version() {
    return sending.wrapped().version();
  }

  @Override
  public Optional<Executor> executor() {
    return sending.wrapped().executor();
  }

  /** Returns the wrapped client's builder; a handshake that answers 402 is not paid. */
  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return sending.wrapped().newWebSocketBuilder();
  }

  @Override
  public String toString() {
    return "PayingHttpClient[" + sending.wrapped() + "]";
  }
}
