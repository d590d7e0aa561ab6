// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The newest block and what gas costs, read once a block at most and shared by all who ask. While
 * one reads, the others wait for its answer. Safe for use by several threads.
 *
 * <p>A reading is good for as long as the chain took for a block between the last two readings that
 * showed different ones, and never for longer than {@link #LONGEST}. Until that pace is known, and
 * whenever a newer block was seen, the chain is asked.
 */
final class ChainPulse {
  /** How long a reading is good on the slowest chain. */
  static final Duration LONGEST = Duration.ofSeconds(10);

  private final Chain chain;
  private final Ticker ticker;
  private final ReentrantLock reading = new ReentrantLock();
  private final AtomicReference<BigInteger> seen = new AtomicReference<>(BigInteger.ZERO);
  private volatile @Nullable Reading last;

  /** The readings that have ended, with or without an answer. */
  private volatile Ended ended = new Ended(0, null);

  ChainPulse(Chain chain, Ticker ticker) {
    this.chain = chain;
    this.ticker = ticker;
  }

  /**
   * What the chain showed.
   *
   * @param began when it was asked
   * @param changed when it first showed this block
   * @param pace how long it took for a block, 0 while that is not known
   * @param tipRead when the chain was asked for the tip
   */
  private record Reading(Chain.Newest newest, long began, long changed, long pace, long tipRead) {
    BigInteger number() {
      return newest.head().number();
    }
  }

  /**
   * How many readings have ended, and how the last did.
   *
   * @param failure why there was no answer, or null if there was
   */
  private record Ended(long count, @Nullable FacilitatorException failure) {}

  /**
   * Returns the newest block and what gas costs.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  Chain.Newest newest() throws FacilitatorException {
    long before = ended.count();
    Reading known = last;
    if (known != null && isFresh(known)) {
      return known.newest();
    }
    reading.lock();
    try {
      return ended.count() > before ? shared() : read();
    } finally {
      reading.unlock();
    }
  }

  Chain.Head head() throws FacilitatorException {
    return newest().head();
  }

  Chain.Quote fees() throws FacilitatorException {
    return newest().fees();
  }

  /** A block was seen elsewhere: what was read of an older one is old. */
  void seen(BigInteger block) {
    seen.accumulateAndGet(block, BigInteger::max);
  }

  /**
   * The newest block was seen elsewhere. With its base fee it makes a reading of its own; the tip
   * is that of the last one.
   *
   * @param baseFee wei per gas, or null if that is not known
   * @param began when the chain was asked
   */
  void seen(Chain.Head head, @Nullable BigInteger baseFee, long began) {
    seen(head.number());
    if (baseFee != null && reading.tryLock()) {
      try {
        Reading known = last;
        if (known != null
            && known.newest().fees().baseFee() != null
            && head.number().compareTo(known.number()) >= 0) {
          Chain.Quote fees = known.newest().fees().withBaseFee(baseFee);
          last = next(new Chain.Newest(head, fees), began, known.tipRead());
        }
      } finally {
        reading.unlock();
      }
    }
  }

  private boolean isFresh(Reading known) {
    return known.number().compareTo(seen.get()) >= 0
        && ticker.nanos() - known.began() < Math.min(known.pace(), LONGEST.toNanos())
        && ticker.nanos() - known.tipRead() < LONGEST.toNanos();
  }

  /** The caller has the lock, and has waited for another's reading. */
  private Chain.Newest shared() throws FacilitatorException {
    FacilitatorException failure = ended.failure();
    Reading read = last;
    if (failure != null) {
      throw new FacilitatorException(String.valueOf(failure.getMessage()), failure);
    }
    return Objects.requireNonNull(read).newest();
  }

  /** The caller has the lock. */
  private Chain.Newest read() throws FacilitatorException {
    long began = ticker.nanos();
    @Nullable FacilitatorException failure = new FacilitatorException("the reading broke off");
    try {
      Chain.Newest newest = chain.newest();
      last = next(newest, began, began);
      failure = null;
      return newest;
    } catch (FacilitatorException e) {
      failure = e;
      throw e;
    } finally {
      ended = new Ended(ended.count() + 1, failure);
    }
  }

  private Reading next(Chain.Newest newest, long began, long tipRead) {
    Reading known = last;
    BigInteger number = newest.head().number();
    if (known == null || number.compareTo(known.number()) < 0) {
      return new Reading(newest, began, began, 0, tipRead);
    }
    if (number.equals(known.number())) {
      return new Reading(newest, began, known.changed(), known.pace(), tipRead);
    }
    long blocks = number.subtract(known.number()).min(BigInteger.valueOf(1_000_000)).longValue();
    return new Reading(newest, began, began, (began - known.changed()) / blocks, tipRead);
  }
}
