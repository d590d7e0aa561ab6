// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.UnreachableException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many blocks back to search for the transaction that used an authorization: as many as the
 * chain makes while the outcome of a payment can be asked for.
 */
final class EventSearchWindow {
  static final long DEFAULT_BLOCKS = 5_000;

  /** In these most uses are found. */
  private static final long FIRST_BLOCKS = 100;

  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  /** Blocks over which the pace of the chain is measured. */
  private static final long SAMPLE = 1_000;

  /** Twice the pace: it varies. */
  private static final long ALLOWANCE = 2;

  private static final long MOST_BLOCKS = 1_000_000;

  private final boolean isFixed;
  private volatile long blocks;

  private EventSearchWindow(long blocks, boolean isFixed) {
    this.blocks = blocks;
    this.isFixed = isFixed;
  }

  /** Returns a window that follows the pace of the chain once that is measured. */
  static EventSearchWindow byDefault() {
    return new EventSearchWindow(DEFAULT_BLOCKS, false);
  }

  static EventSearchWindow of(long blocks) {
    return new EventSearchWindow(blocks, true);
  }

  /**
   * Returns the blocks to search, the newest first: most uses are found in the first few blocks,
   * which every node allows to search in a few requests.
   */
  List<EventLogs.Range> ranges(BigInteger newest) {
    List<EventLogs.Range> ranges = new ArrayList<>();
    long all = blocks;
    long to = newest.longValueExact();
    for (long back : new long[] {FIRST_BLOCKS, DEFAULT_BLOCKS, all}) {
      long from = Math.max(0, newest.longValueExact() - Math.min(back, all));
      if (from <= to) {
        ranges.add(new EventLogs.Range(from, to));
        to = from - 1;
      }
    }
    return ranges;
  }

  /** Measures the chain's pace; a fixed number that is too small for it is a warning. */
  void measure(Chain chain, List<PaymentRequirements> offered) {
    Optional<Duration> longest =
        offered.stream().map(PaymentRequirements::maxTimeout).max(Comparator.naturalOrder());
    if (longest.isEmpty()) {
      return;
    }
    long needed;
    try {
      needed = blocksIn(asked(longest.get()), chain);
    } catch (FacilitatorException e) {
      throw new UnreachableException("RPC URL: " + e.getMessage(), e);
    }
    if (!isFixed) {
      blocks = Math.max(DEFAULT_BLOCKS, needed);
    } else if (needed > blocks) {
      log.warn(
          "lookBackBlocks: {} blocks are fewer than this chain makes while a payment can be asked"
              + " for; set at least {}",
          blocks,
          needed);
    }
  }

  /** From the beginning of the longest window to the last question for its outcome. */
  private static Duration asked(Duration maxTimeout) {
    return maxTimeout.plus(OfflineChecks.CLOCK_ALLOWANCE).plus(Facilitator.OUTCOME_KEPT_FOR);
  }

  private static long blocksIn(Duration time, Chain chain) throws FacilitatorException {
    Chain.Head newest = chain.head();
    BigInteger earlier = newest.number().subtract(BigInteger.valueOf(SAMPLE));
    if (earlier.signum() <= 0) {
      return DEFAULT_BLOCKS; // the chain has no more
    }
    Optional<Chain.Head> sample = chain.block(earlier);
    if (sample.isEmpty()) {
      return DEFAULT_BLOCKS;
    }
    long seconds = Math.max(1, Duration.between(sample.get().time(), newest.time()).toSeconds());
    return Math.min(MOST_BLOCKS, time.toSeconds() * SAMPLE * ALLOWANCE / seconds);
  }
}
