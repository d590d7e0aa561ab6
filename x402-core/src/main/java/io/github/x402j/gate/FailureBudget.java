// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often a payer may cause work that nobody pays for (a handler that fails, a transfer that does
 * not go through) before it has to wait. Counts per payer and minute; knows a bounded number of
 * payers and forgets the one that failed longest ago.
 */
final class FailureBudget {
  static final int DEFAULT_FAILURES_PER_MINUTE = 30;

  private static final int MAX_PAYERS = 10_000;
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final int failuresPerMinute;
  private final Clock clock;
  private final Map<Address, Count> counts =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Address, Count> eldest) {
          return size() > MAX_PAYERS;
        }
      };

  FailureBudget(int failuresPerMinute, Clock clock) {
    this.failuresPerMinute = failuresPerMinute;
    this.clock = clock;
  }

  synchronized void failed(Address payer) {
    Instant now = clock.instant();
    Count count = counts.get(payer);
    if (count == null || !count.isOf(now)) {
      counts.put(payer, new Count(now, 1));
    } else {
      counts.put(payer, new Count(count.since, count.failures + 1));
    }
  }

  /** Returns whether the payer has to wait. */
  synchronized boolean isSpent(Address payer) {
    Count count = counts.get(payer);
    return count != null && count.failures >= failuresPerMinute && count.isOf(clock.instant());
  }

  private record Count(Instant since, int failures) {
    /** A clock that was set back must not make the window longer. */
    boolean isOf(Instant now) {
      return !now.isBefore(since) && now.isBefore(since.plus(WINDOW));
    }
  }
}
