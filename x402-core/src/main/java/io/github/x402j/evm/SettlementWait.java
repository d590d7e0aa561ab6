// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Waits for a transaction's receipt, asking less and less often, until a deadline. */
final class SettlementWait {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final Chain chain;
  private final Clock clock;
  private final PaymentOutcome outcome;
  private final Instant deadline;

  SettlementWait(Chain chain, Clock clock, PaymentOutcome outcome, Instant deadline) {
    this.chain = chain;
    this.clock = clock;
    this.outcome = outcome;
    this.deadline = deadline;
  }

  /**
   * Returns the outcome, or {@code Pending} at the deadline. Never throws: money may have moved.
   */
  Settlement until(String transaction) {
    Duration pause = FIRST_PAUSE;
    while (true) {
      Settlement now = look(transaction);
      if (!(now instanceof Settlement.Pending) || !sleep(pause)) {
        return now;
      }
      pause = pause.multipliedBy(3).dividedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
  }

  private Settlement look(String transaction) {
    try {
      Optional<Chain.Receipt> receipt = chain.receipt(transaction);
      if (receipt.isPresent()) {
        return outcome.of(receipt.get());
      }
    } catch (FacilitatorException e) {
      // The next look may find the chain again.
    }
    return new Settlement.Pending(transaction);
  }

  /** Returns false when there is no time left. */
  private boolean sleep(Duration pause) {
    if (!clock.instant().plus(pause).isBefore(deadline)) {
      return false;
    }
    try {
      Thread.sleep(pause.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
