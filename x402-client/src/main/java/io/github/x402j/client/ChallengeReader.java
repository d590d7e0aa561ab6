// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Handles the body of the first answer: a descriptor is read and kept, every other body goes to the
 * caller's handler as if this one were not there, that of a 402 without a descriptor included.
 */
final class ChallengeReader<T> implements BodyHandler<T> {
  private final BodyHandler<T> callers;
  private final Executor executor;
  private final Duration maxTime;
  private volatile @Nullable Asked asked;
  private volatile @Nullable MalformedPaymentException malformed;

  ChallengeReader(BodyHandler<T> callers, Executor executor, Duration maxTime) {
    this.callers = callers;
    this.executor = executor;
    this.maxTime = maxTime;
  }

  /** Returns whether the answer has a descriptor, be it one that cannot be read. */
  boolean sawDescriptor() {
    return asked != null || malformed != null;
  }

  /**
   * Returns what the answer asks for, empty if it has no descriptor.
   *
   * @throws MalformedPaymentException if it has one that cannot be read
   */
  Optional<Asked> asked() throws MalformedPaymentException {
    MalformedPaymentException failure = malformed;
    if (failure != null) {
      throw failure;
    }
    return Optional.ofNullable(asked);
  }

  @Override
  public BodySubscriber<T> apply(ResponseInfo answer) {
    asked = null;
    malformed = null;
    if (answer.statusCode() != 402) {
      return callers.apply(answer);
    }
    return new BoundedBody<>(
        executor,
        maxTime,
        beginning ->
            isDescriptor(answer.headers(), beginning)
                ? Optional.empty()
                : Optional.of(callers.apply(answer)));
  }

  private boolean isDescriptor(HttpHeaders headers, BoundedBody.Beginning body) {
    try {
      Optional<Asked> found = Asked.inHeader(headers);
      if (found.isEmpty() && body.whole()) {
        found = Asked.inBody(body.bytes());
      }
      asked = found.orElse(null);
      return found.isPresent();
    } catch (MalformedPaymentException e) {
      malformed = e;
      return true;
    }
  }
}
