// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.ledger;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a ledger does beside the requests: gives signs of life, makes amends, cleans up. */
final class Keeper {
  private static final Logger log = LoggerFactory.getLogger(JdbcPaymentLedger.class);
  private static final Duration BETWEEN_AMENDS = Duration.ofSeconds(1);
  private static final Duration BETWEEN_CLEANUPS = Duration.ofMinutes(1);

  /** At most so many steps follow one another, so that the database has time for others. */
  private static final int MAX_STEPS = 100;

  private final ScheduledExecutorService leases = thread("x402-ledger-lease");
  private final ScheduledExecutorService chores = thread("x402-ledger");

  private Keeper() {}

  static Keeper start(Duration length, Lease lease, Amends amends, Cleanup cleanup, Clock clock) {
    Keeper keeper = new Keeper();
    // A thread of its own: a cleanup that takes long must not cost the lease.
    repeat(keeper.leases, "renewing the lease", lease::renew, length.dividedBy(3));
    repeat(keeper.chores, "making amends", amends::make, BETWEEN_AMENDS);
    repeat(keeper.chores, "cleaning up", () -> clean(cleanup, clock), BETWEEN_CLEANUPS);
    return keeper;
  }

  private static ScheduledExecutorService thread(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  private static void repeat(
      ScheduledExecutorService thread, String what, Runnable task, Duration pause) {
    long millis = pause.toMillis();
    thread.scheduleWithFixedDelay(
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) { // or it would be the last time that it runs
            log.warn("the payment ledger: {} failed and is tried again: {}", what, e.toString());
          }
        },
        ThreadLocalRandom.current().nextLong(millis), // several servers, not all at once
        millis,
        TimeUnit.MILLISECONDS);
  }

  private static void clean(Cleanup cleanup, Clock clock) {
    int steps = 1;
    while (steps < MAX_STEPS && cleanup.step(clock.instant())) {
      steps++;
    }
  }

  /**
   * Waits for what is being done, not long; no interrupt, which some databases take for an error.
   */
  void stop() {
    leases.shutdown();
    chores.shutdown();
    try {
      leases.awaitTermination(1, TimeUnit.SECONDS);
      chores.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
