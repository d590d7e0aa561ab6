// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.ledger;

import io.github.x402j.gate.LedgerException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be put right when the database answers again: changes of which nobody knows whether
 * they took effect. Each names a hold of its own, so that it can come late and more than once.
 */
final class Amends {
  /** Beyond it the oldest is forgotten; its payment then waits for the end of this process. */
  private static final int MAX = 100_000;

  private static final Logger log = LoggerFactory.getLogger(JdbcPaymentLedger.class);

  private final Queue<Runnable> open = new ArrayDeque<>();

  synchronized void add(Runnable amend) {
    if (open.size() == MAX) {
      log.error("a change that failed is given up: {} others wait for the database", MAX);
      open.remove();
    }
    open.add(amend);
  }

  /** Makes the amends that there are, up to the first that fails, which is tried again. */
  void make() {
    for (Runnable next = next(); next != null; next = next()) {
      try {
        next.run();
      } catch (LedgerException e) {
        add(next);
        throw e;
      }
    }
  }

  private synchronized @org.jspecify.annotations.Nullable Runnable next() {
    return open.poll();
  }
}
