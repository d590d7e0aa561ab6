// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How often, and how long, a payment with an unknown outcome is sent again.
 *
 * @param times how often after the first time, at least 0
 * @param within for how long after the first time a further sending may begin
 * @param firstPause what is waited before the second sending; doubled each time
 * @param maxPause the longest that is waited, whatever the seller says
 */
record Resending(int times, Duration within, Duration firstPause, Duration maxPause) {
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

  Resending {
    if (times < 0) {
      throw new IllegalArgumentException("resend times: expected at least 0, found " + times);
    }
    if (within.isNegative()) {
      throw new IllegalArgumentException("resend within: expected no negative time");
    }
  }

  static Resending of(int times, Duration within) {
    return new Resending(times, within, Duration.ofMillis(500), Duration.ofSeconds(10));
  }

  /**
   * Returns what to wait after this sending: what the seller asks for ({@code Retry-After} in
   * seconds), and at least the pause that is due, but never more than the longest.
   *
   * @param sending 1 for the first
   */
  Duration pauseAfter(int sending, Optional<HttpHeaders> answer) {
    Duration due = firstPause.multipliedBy(1L << Math.min(sending - 1, 16));
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
