// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;

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

  private final String method;
  private final URI requested;
  private final URI answering;
  private final HttpHeaders headers;
  private final Body body;
  private final boolean repeatable;

  private Answer402(
      String method,
      URI requested,
      URI answering,
      HttpHeaders headers,
      Body body,
      boolean repeatable) {
    this.method = method;
    this.requested = requested;
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
   */
  public static Answer402 of(String method, URI requested, HttpHeaders headers, Body body) {
    return new Answer402(method, requested, requested, headers, body, true);
  }

  /** Returns this answer as one that came from another URL, after a redirect. */
  public Answer402 from(URI url) {
    return new Answer402(method, requested, url, headers, body, repeatable);
  }

  /** Returns this answer as one to a request whose body cannot be sent again, so it is declined. */
  public Answer402 toUnrepeatableRequest() {
    return new Answer402(method, requested, answering, headers, body, false);
  }

  String method() {
    return method;
  }

  URI requested() {
    return requested;
  }

  /** Returns the descriptor, empty if there is none. */
  Optional<PaymentDemand> demand() throws IOException, MalformedPaymentException {
    Optional<PaymentDemand> inHeader = PaymentDemand.inHeader(headers);
    if (inHeader.isPresent()) {
      return inHeader;
    }
    Optional<byte[]> whole = wholeBody(body.open());
    return whole.isPresent() ? PaymentDemand.inBody(whole.get()) : Optional.empty();
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
        + method
        + " "
        + Origin.of(requested).map(Origin::toString).orElse("")
        + "]";
  }
}
