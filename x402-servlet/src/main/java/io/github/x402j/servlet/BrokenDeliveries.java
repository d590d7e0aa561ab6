// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Settlement;
import io.github.x402j.gate.VerifiedPayment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How often the delivery of a payment that was settled first broke off on its way to the client. A
 * client can break off by itself, just before the end: without a limit one payment would buy the
 * resource again and again until its window closes. Knows a bounded number of payments and forgets
 * the one that broke off longest ago.
 */
final class BrokenDeliveries {
  /** The delivery that breaks off for this time was the last. */
  static final int LAST = 3;

  private static final int MAX_PAYMENTS = 10_000;

  private final Map<Optional<Settlement.Settled>, Integer> counts =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(
            Map.Entry<Optional<Settlement.Settled>, Integer> eldest) {
          return size() > MAX_PAYMENTS;
        }
      };

  /** Counts one, and tells whether it was the last. */
  synchronized boolean isLast(VerifiedPayment payment) {
    return counts.merge(payment.settlement(), 1, Integer::sum) >= LAST;
  }
}
