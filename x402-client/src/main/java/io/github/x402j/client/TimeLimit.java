// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Optional;

/**
 * The time that the timeout of a request leaves for all that is done for it. Immutable.
 *
 * @param timeout of the request, empty for none
 * @param began when the time began, by {@link System#nanoTime()}
 */
record TimeLimit(Optional<Duration> timeout, long began) {
  private static final Duration SHORTEST =
      Duration.ofMillis(1); // the JDK's clients want more than 0

  /** Returns the limit of a request that begins now. */
  static TimeLimit of(HttpRequest request) {
    return new TimeLimit(request.timeout(), System.nanoTime());
  }

  /** Returns the time that is left, at least a millisecond; empty if there is no limit. */
  Optional<Duration> left() {
    return timeout
        .map(whole -> whole.minusNanos(System.nanoTime() - began))
        .map(left -> left.compareTo(SHORTEST) > 0 ? left : SHORTEST);
  }

  /** Returns the time, or what is left if that is shorter. */
  Duration atMost(Duration time) {
    return left().filter(left -> left.compareTo(time) < 0).orElse(time);
  }

  /** Returns a request whose answer must begin in the time that is left. */
  HttpRequest on(HttpRequest request) {
    return left()
        .map(left -> HttpRequest.newBuilder(request, (name, value) -> true).timeout(left).build())
        .orElse(request);
  }
}
