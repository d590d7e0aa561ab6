// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a store does beside the requests, again and again, in one thread. */
final class Chores {
  private static final Logger log = LoggerFactory.getLogger(JdbcPaymentLedger.class);

  private final String owner;
  private final ScheduledExecutorService thread;

  /**
   * @param name the thread's
   * @param owner what it works for, in messages
   */
  Chores(String name, String owner) {
    this.owner = owner;
    thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread daemon = new Thread(task, name);
              daemon.setDaemon(true);
              return daemon;
            });
  }

  void repeat(String what, Runnable task, Duration pause) {
    long millis = pause.toMillis();
    thread.scheduleWithFixedDelay(
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) { // or it would be the last time that it runs
            log.warn("{}: {} failed and is tried again: {}", owner, what, e.toString());
          }
        },
        ThreadLocalRandom.current().nextLong(millis), // several servers, not all at once
        millis,
        TimeUnit.MILLISECONDS);
  }

  /**
   * Waits for what is being done, not long; no interrupt, which some databases take for an error.
   */
  void stop() {
    thread.shutdown();
    try {
      thread.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
