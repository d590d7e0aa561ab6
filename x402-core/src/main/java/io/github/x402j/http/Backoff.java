// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.time.Duration;

/** Pauses that grow from one to the next up to a longest. Not safe for use by several threads. */
public final class Backoff {
  private final Duration longest;
  private final double factor;
  private Duration next;

  /**
   * @param first the first pause
   * @param factor by which each pause is longer than the one before, more than 1
   * @param longest the longest pause
   */
  public Backoff(Duration first, double factor, Duration longest) {
    this.next = first;
    this.factor = factor;
    this.longest = longest;
  }

  /** Returns the pause that is due now. */
  public Duration next() {
    Duration pause = next;
    Duration longer = Duration.ofNanos((long) (pause.toNanos() * factor));
    next = longer.compareTo(longest) > 0 ? longest : longer;
    return pause;
  }
}
