// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The sales of a gate that are not over, so that a stop can wait for them. */
final class SalesInProgress {
  private static final long STEP_MILLIS = 50;

  private final Set<SaleInProgress<?>> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private volatile boolean stopping;

  synchronized void start() {
    stopping = false;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Returns whether the sale may begin. */
  synchronized boolean add(SaleInProgress<?> sale) {
    return !stopping && open.add(sale);
  }

  synchronized void remove(SaleInProgress<?> sale) {
    open.remove(sale);
    notifyAll();
  }

  /** Lets no more begin, waits for those that have begun, and returns those that are left. */
  synchronized List<SaleInProgress<?>> stop(Duration longestWait) {
    stopping = true;
    long end = System.nanoTime() + longestWait.toNanos();
    try {
      while (System.nanoTime() < end && open.stream().anyMatch(SaleInProgress::mayEndByItself)) {
        wait(STEP_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    List<SaleInProgress<?>> left = List.copyOf(open);
    open.clear();
    return left;
  }
}
