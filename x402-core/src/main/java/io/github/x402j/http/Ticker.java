// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.time.Duration;

/**
 * Elapsed time, and pauses in it: the system's, or those of a simulation that does not wait.
 * Implementations are safe for use by several threads.
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
      };

  /** Returns nanoseconds since some time in the past; only differences mean something. */
  long nanos();

  /** Returns when the pause is over. */
  void sleep(Duration pause) throws InterruptedException;
}
