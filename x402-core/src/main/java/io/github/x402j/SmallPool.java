// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A few daemon threads for code that may hang, and a bounded queue in front of them. The threads
 * end when they have nothing to do, so that the pool needs no end of its own.
 */
public final class SmallPool {
  private static final Duration IDLE = Duration.ofSeconds(10);

  private SmallPool() {}

  /**
   * Returns the pool. It rejects what finds no place in its queue.
   *
   * @param name of its threads
   * @param threads how many tasks run at a time at most
   * @param waiting how many more wait
   */
  public static ThreadPoolExecutor of(String name, int threads, int waiting) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(waiting),
            task -> {
              Thread daemon = new Thread(task, name);
              daemon.setDaemon(true);
              return daemon;
            });
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
