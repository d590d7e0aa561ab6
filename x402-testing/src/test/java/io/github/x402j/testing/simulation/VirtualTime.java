// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** The time of one simulation. It goes on when a participant waits, and by events. */
final class VirtualTime extends Clock {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final List<Runnable> watchers = new ArrayList<>();
  private volatile long millis;

  /** Runs this after every step of the time. */
  void watch(Runnable watcher) {
    watchers.add(watcher);
  }

  long now() {
    return millis;
  }

  void advanceTo(long target) {
    if (target > millis) {
      millis = target;
      watchers.forEach(Runnable::run);
    }
  }

  void advance(Duration by) {
    advanceTo(millis + by.toMillis());
  }

  /** Forgets the time and the watchers. */
  void reset() {
    millis = 0;
    watchers.clear();
  }

  @Override
  public Instant instant() {
    return START.plusMillis(millis);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }

  /** The clock of one participant, which may be wrong. */
  final class Own extends Clock {
    private volatile long skew;

    void set(Duration ahead) {
      skew = ahead.toMillis();
    }

    @Override
    public Instant instant() {
      return VirtualTime.this.instant().plusMillis(skew);
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
}
