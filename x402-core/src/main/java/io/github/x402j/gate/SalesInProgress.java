// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The sales of a gate that are not over, so that a stop can wait for them, and the same payment
 * sent again for the end of its delivery.
 */
final class SalesInProgress {
  private static final long STEP_MILLIS = 50;

  private final Set<SaleInProgress<?>> open = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Those of {@link #open} that bring a payment, by what it was claimed for. */
  private final Map<String, SaleInProgress<?>> byClaim = new ConcurrentHashMap<>();

  private volatile boolean stopping;

  synchronized void start() {
    stopping = false;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Returns whether the sale may begin. */
  synchronized boolean add(SaleInProgress<?> sale) {
    if (stopping) {
      return false;
    }
    open.add(sale);
    sale.claim().ifPresent(claim -> byClaim.put(claim, sale));
    return true;
  }

  synchronized void remove(SaleInProgress<?> sale) {
    open.remove(sale);
    sale.claim().ifPresent(claim -> byClaim.remove(claim, sale));
    notifyAll();
  }

  /** Returns the sale that a payment was claimed for, by the binding of its claim; or null. */
  @Nullable SaleInProgress<?> of(String claim) {
    return byClaim.get(claim);
  }

  synchronized boolean isEmpty() {
    return open.isEmpty() && byClaim.isEmpty();
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
    byClaim.clear();
    return left;
  }
}
