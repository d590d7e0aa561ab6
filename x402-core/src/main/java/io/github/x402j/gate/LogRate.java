// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Lets one line of a kind through a minute, so that what anyone can cause does not fill the log.
 * Safe for use by several threads.
 */
final class LogRate {
  private static final Duration WINDOW = Duration.ofMinutes(1);
  private static final int MAX_KINDS = 100;
  private static final String OTHER_KINDS = "other";

  private final Clock clock;
  private final Map<String, Lines> kinds = new HashMap<>();

  LogRate(Clock clock) {
    this.clock = clock;
  }

  private static final class Lines {
    private Instant since = Instant.MIN;
    private long left;
  }

  /**
   * Returns how many lines of this kind were left out since the last that was written; empty if
   * this one is to be left out, too.
   */
  synchronized OptionalLong next(String kind) {
    boolean isOther = kinds.size() >= MAX_KINDS && !kinds.containsKey(kind);
    Lines lines = kinds.computeIfAbsent(isOther ? OTHER_KINDS : kind, same -> new Lines());
    Instant now = clock.instant();
    boolean isOfLastMinute = !now.isBefore(lines.since) && now.isBefore(lines.since.plus(WINDOW));
    if (isOfLastMinute) {
      lines.left++;
      return OptionalLong.empty();
    }
    long left = lines.left;
    lines.since = now;
    lines.left = 0;
    return OptionalLong.of(left);
  }
}
