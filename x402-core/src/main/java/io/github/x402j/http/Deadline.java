// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.time.Duration;

/** The end of everything that belongs to one task, however many waits it is made of. */
public final class Deadline {
  private final Ticker ticker;
  private final long end;

  private Deadline(Ticker ticker, long end) {
    this.ticker = ticker;
    this.end = end;
  }

  /** Returns a deadline this far away. */
  public static Deadline in(Duration duration) {
    return in(duration, Ticker.SYSTEM);
  }

  /** Returns a deadline this far away in the time of the ticker. */
  public static Deadline in(Duration duration, Ticker ticker) {
    return new Deadline(ticker, ticker.nanos() + duration.toNanos());
  }

  /** Returns what is left, at least nothing. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, end - ticker.nanos()));
  }

  /** Returns what is left, but no more than the limit. */
  public Duration atMost(Duration limit) {
    Duration left = left();
    return left.compareTo(limit) < 0 ? left : limit;
  }

  /** Returns false, without a wait to its end, if the pause does not fit or is interrupted. */
  public boolean sleep(Duration pause) {
    if (pause.compareTo(left()) >= 0) {
      return false;
    }
    try {
      ticker.sleep(pause);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
