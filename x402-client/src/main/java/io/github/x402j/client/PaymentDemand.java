// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.ReceivedDescriptor;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The descriptor of a 402. Immutable. {@link Reader} finds it in an answer. */
record PaymentDemand(ReceivedDescriptor received) {
  /** A descriptor in a header may be as long as one in a body. */
  private static final int MAX_HEADER_LENGTH = PeekedBody.MAX_BYTES;

  /** Returns the version of the descriptor, and so of the payment. */
  int x402Version() {
    return received.x402Version();
  }

  /** Returns the descriptor; it may have no way to pay. */
  PaymentRequired required() {
    return received.required();
  }

  /** Returns the text of a URL that was asked, as it names a resource. */
  static String resource(URI asked) {
    return Origin.of(asked).map(Origin::toString).orElse("")
        + (asked.getRawPath() == null ? "" : asked.getRawPath())
        + (asked.getRawQuery() == null ? "" : "?" + asked.getRawQuery());
  }

  /**
   * Returns the descriptor in the header of version 2, empty if there is no such header.
   *
   * @param asked the resource that was asked for, for a descriptor that names none
   * @throws MalformedPaymentException if there is one that holds no descriptor
   */
  static Optional<PaymentDemand> inHeader(HttpHeaders headers, String asked)
      throws MalformedPaymentException {
    List<String> values = headers.allValues(PaymentHeader.PAYMENT_REQUIRED);
    if (values.isEmpty()) {
      return Optional.empty();
    }
    if (values.size() > 1 || values.get(0).length() > MAX_HEADER_LENGTH) {
      throw new MalformedPaymentException(
          PaymentHeader.PAYMENT_REQUIRED
              + ": expected one of at most "
              + MAX_HEADER_LENGTH
              + " characters");
    }
    return Optional.of(
        new PaymentDemand(ReceivedDescriptor.ofHeader(PaymentHeader.trim(values.get(0)), asked)));
  }

  /**
   * Returns the descriptor that the body is, in either version; empty if it does not name a version
   * of the protocol.
   *
   * @param asked as for {@link #inHeader}
   * @throws MalformedPaymentException if it names one, but is no descriptor
   */
  static Optional<PaymentDemand> inBody(byte[] body, String asked)
      throws MalformedPaymentException {
    Optional<String> text = utf8(body).filter(json -> json.contains("\"x402Version\""));
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(new PaymentDemand(ReceivedDescriptor.ofBody(text.get(), asked)));
  }

  private static Optional<String> utf8(byte[] body) {
    try {
      return Optional.of(UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /**
   * Handles the body of the first answer. It reads and keeps a descriptor; every other body goes to
   * the caller's handler, also that of a 402 without a descriptor.
   */
  static final class Reader<T> implements BodyHandler<T> {
    private final String asked;
    private final BodyHandler<T> callers;
    private final Executor executor;
    private final Supplier<Duration> maxTime;
    private volatile @Nullable PaymentDemand demand;
    private volatile @Nullable MalformedPaymentException malformed;

    /**
     * @param asked the URL of the request
     * @param maxTime how long the body may take, asked when it begins
     */
    Reader(URI asked, BodyHandler<T> callers, Executor executor, Supplier<Duration> maxTime) {
      this.asked = resource(asked);
      this.callers = callers;
      this.executor = executor;
      this.maxTime = maxTime;
    }

    /** Returns whether the answer has a descriptor, even one that cannot be read. */
    boolean sawDescriptor() {
      return demand != null || malformed != null;
    }

    /**
     * Returns the descriptor of the answer, empty if it has none.
     *
     * @throws MalformedPaymentException if it has one that cannot be read
     */
    Optional<PaymentDemand> demand() throws MalformedPaymentException {
      MalformedPaymentException failure = malformed;
      if (failure != null) {
        throw failure;
      }
      return Optional.ofNullable(demand);
    }

    @Override
    public BodySubscriber<T> apply(ResponseInfo answer) {
      demand = null;
      malformed = null;
      if (answer.statusCode() != 402) {
        return callers.apply(answer);
      }
      return new PeekedBody<>(
          executor,
          maxTime.get(),
          beginning ->
              isDescriptor(answer.headers(), beginning)
                  ? Optional.empty()
                  : Optional.of(callers.apply(answer)));
    }

    private boolean isDescriptor(HttpHeaders headers, PeekedBody.Beginning body) {
      try {
        Optional<PaymentDemand> found = inHeader(headers, asked);
        if (found.isEmpty() && body.whole()) {
          found = inBody(body.bytes(), asked);
        }
        demand = found.orElse(null);
        return found.isPresent();
      } catch (MalformedPaymentException e) {
        malformed = e;
        return true;
      }
    }
  }
}
