// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Elapsed time, pauses in it, and tasks that run at the same time: the system's, or those of a
 * simulation that does not wait. Implementations are safe for use by several threads.
 */
public interface Ticker {
  /** The system's time. */
  Ticker SYSTEM =
      new Ticker() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void sleep(Duration pause) throws InterruptedException {
          Thread.sleep(pause.toMillis());
        }

        @Override
        public void start(String name, Runnable task) {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          thread.start();
        }

        @Override
        public void await(Future<?> future) throws InterruptedException {
          try {
            future.get();
          } catch (ExecutionException | CancellationException e) {
            // It is done; the caller asks it how.
          }
        }

        @Override
        public void await(Future<?> future, Duration longest) throws InterruptedException {
          try {
            future.get(longest.toNanos(), TimeUnit.NANOSECONDS);
          } catch (ExecutionException | CancellationException | TimeoutException e) {
            // The caller asks it.
          }
        }
      };

  /** Returns nanoseconds since some time in the past; only differences mean something. */
  long nanos();

  /** Returns when the pause is over. */
  void sleep(Duration pause) throws InterruptedException;

  /** Starts a task on a daemon thread of this name. */
  void start(String name, Runnable task);

  /**
   * Starts a task on a daemon thread of this name. If there is no thread for it, does the other
   * thing and throws.
   */
  default void startOr(String name, Runnable task, Runnable otherwise) {
    boolean isStarted = false;
    try {
      start(name, task);
      isStarted = true;
    } finally {
      if (!isStarted) {
        otherwise.run();
      }
    }
  }

  /** Returns when the future is done, however it ended. */
  void await(Future<?> future) throws InterruptedException;

  /** Returns when the future is done, however it ended, or the time is over. */
  void await(Future<?> future, Duration longest) throws InterruptedException;
}
