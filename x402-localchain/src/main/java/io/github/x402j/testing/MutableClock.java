// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * A clock that a test moves. It stands still until then, and is in UTC in every zone that is asked
 * for. Safe for use by several threads, of which one moves it.
 */
public final class MutableClock extends Clock {
  private volatile Instant now;

  /** Returns a clock that stands at 2026-01-01T00:00:00Z. */
  public MutableClock() {
    this(Instant.parse("2026-01-01T00:00:00Z"));
  }

  /** Returns a clock that stands at this time. */
  public MutableClock(Instant start) {
    now = start;
  }

  /** Moves the clock on; all who read it see the new time at once. */
  public void advance(Duration by) {
    now = now.plus(by);
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
