// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.okhttp;

import io.github.x402j.PaymentHeader;
import io.github.x402j.client.Answer402;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentException;
import io.github.x402j.client.PaymentPendingException;
import io.github.x402j.client.Purchase;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.util.Optional;
import okhttp3.Headers;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Pays over an {@link OkHttpClient}, once per call and within the limits of a wallet.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * OkHttpClient client = PayingInterceptor.of(payer).addTo(new OkHttpClient.Builder()).build();
 * try (Response response = client.newCall(request).execute()) {
 *   Payment paid = response.request().tag(Payment.class); // null if nothing was paid
 * }
 * }</pre>
 *
 * <p>It is at work in two places. As an application interceptor it pays for a 402. As a network
 * interceptor it stands before each sending, so it knows what has left, and no redirect takes a
 * payment along: the redirect is the caller's response. {@link #addTo} adds both.
 *
 * <p>Calls that are declined or pending fail with {@link PaymentIOException}. To send a pending
 * payment again, repeat the request with the {@link PaymentPendingException} as {@linkplain
 * Request.Builder#tag(Class, Object) tag} of its class. An interceptor that repeats calls after an
 * {@code IOException} should leave these alone.
 *
 * <p>Interceptors that were added later see the request with its payment, so they must not log its
 * headers. Safe for use by several threads.
 */
public final class PayingInterceptor implements Interceptor {
  private static final String LOCATION = "Location";

  /** A body of at most this size, 1 MiB, is read to tell the request from others. */
  private static final int MAX_KEPT = 1024 * 1024;

  private final Payer payer;

  private PayingInterceptor(Payer payer) {
    this.payer = payer;
  }

  /** Returns an interceptor that pays out of the payer's wallet. */
  public static PayingInterceptor of(Payer payer) {
    return new PayingInterceptor(payer);
  }

  /** Adds this to a client, in both places, and returns the client's builder. */
  public OkHttpClient.Builder addTo(OkHttpClient.Builder client) {
    return client.addInterceptor(this).addNetworkInterceptor(this);
  }

  /** What one call knows in both places. */
  private static final class Passage {
    private final @Nullable Purchase purchase;
    private volatile boolean seen;
    private volatile @Nullable String location;

    Passage(@Nullable Purchase purchase) {
      this.purchase = purchase;
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws PaymentIOException if the seller asks for a payment that is not allowed, or a payment
   *     was sent and its outcome is not known
   * @throws IllegalArgumentException if the request already carries a payment
   * @throws IllegalStateException if this was added in one of its two places only
   */
  @Override
  public Response intercept(Chain chain) throws IOException {
    if (chain.connection() != null) {
      return sending(chain);
    }
    try {
      return call(chain);
    } catch (PaymentException e) {
      throw new PaymentIOException(e);
    }
  }

  /** The application interceptor: one call of the caller's. */
  private Response call(Chain chain) throws IOException {
    Request request = chain.request();
    if (request.header(PaymentHeader.PAYMENT_SIGNATURE) != null
        || request.header(PaymentHeader.X_PAYMENT) != null) {
      throw new IllegalArgumentException("request: it already carries a payment");
    }
    PaymentPendingException pending = request.tag(PaymentPendingException.class);
    if (pending != null) {
      return bought(chain, payer.resume(pending));
    }
    Passage passage = new Passage(null);
    Response first = chain.proceed(request.newBuilder().tag(Passage.class, passage).build());
    if (first.code() != 402 || first.networkResponse() == null) {
      return first;
    }
    Optional<Purchase> purchase;
    boolean kept = false;
    try {
      if (!passage.seen) {
        throw new IllegalStateException(
            "PayingInterceptor: it is an application interceptor only; add it by addTo(builder)");
      }
      purchase = payer.buy(asked(request, first));
      kept = purchase.isEmpty();
    } finally {
      if (!kept) {
        first.close();
      }
    }
    return purchase.isPresent() ? bought(chain, purchase.get()) : first;
  }

  private static Answer402 asked(Request request, Response response) throws IOException {
    Answer402 answer =
        Answer402.of(
            request.method(),
            request.url().uri(),
            headers(response),
            () -> response.body().source().peek().inputStream());
    for (Response hop = response; hop != null; hop = hop.priorResponse()) {
      if (!isSameOrigin(hop.request(), request)) {
        answer = answer.from(hop.request().url().uri());
      }
    }
    RequestBody body = request.body();
    if (body != null && (body.isOneShot() || body.isDuplex())) {
      return answer.toUnrepeatableRequest();
    }
    return body == null || (body.contentLength() >= 0 && body.contentLength() <= MAX_KEPT)
        ? answer.toRequest(headers(request), bytes(body))
        : answer;
  }

  private static byte[] bytes(@Nullable RequestBody body) throws IOException {
    Buffer bytes = new Buffer();
    if (body != null) {
      body.writeTo(bytes);
    }
    return bytes.readByteArray();
  }

  /** Returns the headers that OkHttp sends with the request, as far as they are the caller's. */
  private static HttpHeaders headers(Request request) {
    Headers.Builder all = request.headers().newBuilder();
    RequestBody body = request.body();
    if (body != null && body.contentType() != null) {
      all.set("Content-Type", body.contentType().toString());
    }
    return HttpHeaders.of(all.build().toMultimap(), (name, value) -> true);
  }

  private static boolean isSameOrigin(Request one, Request other) {
    return one.url().scheme().equals(other.url().scheme())
        && one.url().host().equals(other.url().host())
        && one.url().port() == other.url().port();
  }

  private static Response bought(Chain chain, Purchase purchase) throws IOException {
    Request request = chain.request();
    Passage passage = new Passage(purchase);
    Request.Builder paid = request.newBuilder().tag(Passage.class, passage);
    purchase.secretHeaders().forEach(paid::header);
    Response answer = purchase.send(new Calls(chain, paid.build()));
    return harmless(answer, request, purchase.payment(), passage.location);
  }

  /** Returns the answer with the redirect that was kept back, and without the payment's secrets. */
  private static Response harmless(
      Response answer, Request request, Payment payment, @Nullable String location) {
    Request shown = request.newBuilder().tag(Payment.class, payment).build();
    Response.Builder harmless = answer.newBuilder().request(shown);
    Response network = answer.networkResponse();
    if (network != null) {
      harmless.networkResponse(network.newBuilder().request(shown).build());
    }
    if (location != null) {
      harmless.header(LOCATION, location);
    }
    return harmless.build();
  }

  /** The network interceptor: one sending, of which a call can have several. */
  private static Response sending(Chain chain) throws IOException {
    Request request = chain.request();
    Passage passage = request.tag(Passage.class);
    if (passage == null) {
      return chain.proceed(request);
    }
    passage.seen = true;
    Purchase purchase = passage.purchase;
    if (purchase == null) {
      return chain.proceed(request);
    }
    passage.location = null;
    Response answer = purchase.begin(() -> chain.proceed(request));
    if (!answer.isRedirect()) {
      return answer;
    }
    passage.location = answer.header(LOCATION);
    return answer.newBuilder().removeHeader(LOCATION).build();
  }

  private static HttpHeaders headers(Response response) {
    return HttpHeaders.of(response.headers().toMultimap(), (name, value) -> true);
  }

  /** Sends the paid request through the rest of the chain. */
  private record Calls(Chain chain, Request paid) implements Purchase.BlockingClient<Response> {
    @Override
    public Response send(Purchase purchase) throws IOException {
      if (chain.call().isCanceled()) {
        throw new java.util.concurrent.CancellationException("the call was canceled");
      }
      return chain.proceed(paid);
    }

    @Override
    public int status(Response answer) {
      return answer.code();
    }

    @Override
    public HttpHeaders headers(Response answer) {
      return PayingInterceptor.headers(answer);
    }

    @Override
    public void discard(Response answer) {
      answer.close();
    }
  }
}
