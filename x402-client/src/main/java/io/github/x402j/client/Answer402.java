// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP answer with status 402, as an HTTP client of any make hands it to {@link Payer#buy}.
 * Immutable.
 */
public final class Answer402 {
  /** Opens the body of the answer. It is called once at most, and not if a header suffices. */
  @FunctionalInterface
  public interface Body {
    /**
     * Returns the body from its beginning. At most {@link Payer#MAX_DESCRIPTOR_BYTES} and one byte
     * are read of it, and it is not closed; what was read must reach the caller if nothing is
     * bought.
     *
     * @throws IOException if it cannot be read
     */
    InputStream open() throws IOException;
  }

  /** Headers that {@link HttpRequest} sets itself, and those of a payment. */
  private static final Set<String> NOT_KEPT =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "upgrade",
          PaymentHeader.PAYMENT_SIGNATURE.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT.toLowerCase(Locale.ROOT),
          PaymentHeader.X_PAYMENT_SECRET.toLowerCase(Locale.ROOT));

  private final HttpRequest request;
  private final boolean whole;
  private final URI requested;
  private final URI answering;
  private final HttpHeaders headers;
  private final Body body;
  private final boolean repeatable;

  private Answer402(
      HttpRequest request,
      boolean whole,
      URI answering,
      HttpHeaders headers,
      Body body,
      boolean repeatable) {
    this.request = request;
    this.whole = whole;
    this.requested = request.uri();
    this.answering = answering;
    this.headers = headers;
    this.body = body;
    this.repeatable = repeatable;
  }

  /**
   * Returns the answer to a request.
   *
   * @param method the method of the request
   * @param requested the URL of the request; its host is what rules see
   * @param headers the headers of the answer
   * @throws IllegalArgumentException if the URL is not an HTTP URL with a host
   */
  public static Answer402 of(String method, URI requested, HttpHeaders headers, Body body) {
    HttpRequest request =
        HttpRequest.newBuilder(requested).method(method, BodyPublishers.noBody()).build();
    return new Answer402(request, false, requested, headers, body, true);
  }

  /**
   * Returns this answer as one to a request with these headers and this body. So a second payment
   * for the same request is declined while the outcome of the first is not known, and a payment
   * that is {@linkplain Payer#pending kept} can be sent again. Headers that an {@link HttpRequest}
   * cannot have are left out.
   *
   * @param requestBody all of the body, empty if there is none
   */
  public Answer402 toRequest(HttpHeaders requestHeaders, byte[] requestBody) {
    HttpRequest.Builder all =
        HttpRequest.newBuilder(requested)
            .method(
                request.method(),
                requestBody.length == 0
                    ? BodyPublishers.noBody()
                    : RepeatableBody.kept(requestBody.clone(), requestBody.length));
    requestHeaders
        .map()
        .forEach(
            (name, values) -> {
              if (!NOT_KEPT.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> addIfValid(all, name, value));
              }
            });
    return new Answer402(all.build(), true, answering, headers, body, repeatable);
  }

  private static void addIfValid(HttpRequest.Builder request, String name, String value) {
    try {
      request.header(name, value);
    } catch (IllegalArgumentException e) {
      // Other clients allow more.
    }
  }

  /** Returns this answer as one that came from another URL, after a redirect. */
  public Answer402 from(URI url) {
    return new Answer402(request, whole, url, headers, body, repeatable);
  }

  /** Returns this answer as one to a request whose body cannot be sent again, so it is declined. */
  public Answer402 toUnrepeatableRequest() {
    return new Answer402(request, whole, answering, headers, body, false);
  }

  /** Returns the request, without a body and headers that were not told. */
  HttpRequest request() {
    return request;
  }

  /** Returns whether that is all of the request. */
  boolean isWhole() {
    return whole;
  }

  /**
   * Returns what tells the request from others; null if that may be in a body that was not told.
   */
  @Nullable String fingerprint() {
    boolean hasNoBody = request.method().equals("GET") || request.method().equals("HEAD");
    return whole || hasNoBody ? RepeatableBody.fingerprint(request) : null;
  }

  /** Returns the descriptor of version 2, empty if there is none. */
  Optional<PaymentDemand> demandInHeader() throws MalformedPaymentException {
    return PaymentDemand.inHeader(headers, PaymentDemand.resource(requested));
  }

  /** Returns the descriptor, empty if there is none. */
  Optional<PaymentDemand> demand() throws IOException, MalformedPaymentException {
    Optional<PaymentDemand> inHeader = demandInHeader();
    if (inHeader.isPresent()) {
      return inHeader;
    }
    Optional<byte[]> whole = wholeBody(body.open());
    return whole.isPresent()
        ? PaymentDemand.inBody(whole.get(), PaymentDemand.resource(requested))
        : Optional.empty();
  }

  /** Requires that a payment for the answer goes to whom was asked, and that it can be sent. */
  void requireSafe() throws PaymentDeclinedException {
    Origin.requireAsked(requested, answering);
    Origin.requireConfidential(requested);
    if (!repeatable) {
      throw PaymentDeclinedException.unrepeatable(requested);
    }
  }

  /** Returns the body; empty if it is too long for a descriptor, or does not end in time. */
  private static Optional<byte[]> wholeBody(InputStream in) throws IOException {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    byte[] chunk = new byte[8192];
    long deadline = System.nanoTime() + PeekedBody.MAX_TIME.toNanos();
    while (kept.size() <= PeekedBody.MAX_BYTES && System.nanoTime() - deadline < 0) {
      int room = Math.min(chunk.length, PeekedBody.MAX_BYTES + 1 - kept.size());
      int read = in.read(chunk, 0, room);
      if (read < 0) {
        return Optional.of(kept.toByteArray());
      }
      kept.write(chunk, 0, read);
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "Answer402["
        + request.method()
        + " "
        + Origin.of(requested).map(Origin::toString).orElse("")
        + "]";
  }
}
