// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * When a payment with an unknown outcome is sent again. Immutable.
 *
 * @param times how often after the first attempt, at least 0
 * @param within how long after the first attempt another may begin
 * @param firstPause the pause before the second attempt; it doubles each time
 * @param maxPause the longest pause, whatever the seller asks for
 */
record RetryPolicy(int times, Duration within, Duration firstPause, Duration maxPause) {
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

  RetryPolicy {
    if (times < 0) {
      throw new IllegalArgumentException("resend times: expected at least 0, found " + times);
    }
    if (within.isNegative()) {
      throw new IllegalArgumentException("resend within: expected at least zero, found " + within);
    }
  }

  static RetryPolicy of(int times, Duration within) {
    return new RetryPolicy(times, within, Duration.ofMillis(500), Duration.ofSeconds(10));
  }

  /**
   * Returns the pause after this attempt: the longer of the one that is due and the one that the
   * seller asks for ({@code Retry-After} in seconds), and at most the longest pause.
   *
   * @param attempt 1 for the first
   */
  Duration pauseAfter(int attempt, Optional<HttpHeaders> answer) {
    Duration due = firstPause.multipliedBy(1L << Math.min(attempt - 1, 16));
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
