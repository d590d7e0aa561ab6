// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * How often a payer may cause work that is not paid for (a handler that fails, a transfer that does
 * not go through) before it has to wait. Counts per payer and minute, for a bounded number of
 * payers.
 */
final class FailureBudget {
  static final int DEFAULT_FAILURES_PER_MINUTE = 30;

  private static final int MAX_PAYERS = 10_000;
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final int failuresPerMinute;
  private final Clock clock;
  private final Cache<Address, Count> counts =
      Caffeine.newBuilder()
          .maximumSize(MAX_PAYERS)
          .expireAfterWrite(WINDOW.multipliedBy(2))
          .executor(Runnable::run)
          .build();

  FailureBudget(int failuresPerMinute, Clock clock) {
    this.failuresPerMinute = failuresPerMinute;
    this.clock = clock;
  }

  /** Returns whether a payment that is refused for this reason is refused by its payer's doing. */
  static boolean isPayersDoing(ErrorReason reason) {
    return switch (reason) {
      case INSUFFICIENT_FUNDS, INVALID_TRANSACTION_STATE, AUTHORIZATION_EXPIRED -> true;
      default -> false; // used, by whomever; or what a facilitator says of itself
    };
  }

  void failed(Address payer) {
    Instant now = clock.instant();
    counts
        .asMap()
        .compute(
            payer,
            (same, count) ->
                count == null || !count.isOf(now)
                    ? new Count(now, 1)
                    : new Count(count.since, count.failures + 1));
  }

  /** Returns whether the payer has to wait. */
  boolean isSpent(Address payer) {
    Count count = counts.getIfPresent(payer);
    return count != null && count.failures >= failuresPerMinute && count.isOf(clock.instant());
  }

  /** Returns how many payers are known. */
  long payers() {
    counts.cleanUp();
    return counts.estimatedSize();
  }

  private record Count(Instant since, int failures) {
    /** A clock that was set back must not make the window longer. */
    boolean isOf(Instant now) {
      return !now.isBefore(since) && now.isBefore(since.plus(WINDOW));
    }
  }
}
