// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.gate.LedgerException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes that wait for the database to answer again. Each corrects a change of which it is unknown
 * whether it took effect, and names a hold of its own, so that it can come late and more than once.
 */
final class PendingWrites {
  /** Beyond it the oldest is dropped; its payment then waits for the end of this process. */
  private static final int MAX = 100_000;

  private static final Logger log = LoggerFactory.getLogger(JdbcPaymentLedger.class);

  private final Queue<Runnable> open = new ArrayDeque<>();

  synchronized void add(Runnable write) {
    if (open.size() == MAX) {
      log.error("a write that failed is given up: {} others wait for the database", MAX);
      open.remove();
    }
    open.add(write);
  }

  /** Runs the writes that wait, up to the first that fails, which is tried again. */
  void run() {
    for (Runnable next = next(); next != null; next = next()) {
      try {
        next.run();
      } catch (LedgerException e) {
        add(next);
        throw e;
      }
    }
  }

  private synchronized @Nullable Runnable next() {
    return open.poll();
  }
}
