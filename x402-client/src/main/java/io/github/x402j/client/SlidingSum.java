// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** What was spent within the last hour, or day. Guarded by the lock of the journal. */
final class SlidingSum {
  private final Duration length;
  private final Map<String, Charge> charges = new LinkedHashMap<>();
  private Dollars sum = Dollars.ZERO;

  SlidingSum(Duration length) {
    this.length = length;
  }

  void add(Charge charge) {
    forget(charge.time());
    charges.put(charge.nonce(), charge);
    sum = sum.plus(charge.dollars());
  }

  void giveBack(Charge charge) {
    if (charges.remove(charge.nonce()) != null) {
      sum = sum.minus(charge.dollars());
    }
  }

  /** Returns the sum; what is exactly as old as the window is long no longer counts. */
  Dollars at(Instant now) {
    forget(now);
    return sum;
  }

  private void forget(Instant now) {
    Instant since = now.minus(length);
    Iterator<Charge> oldest = charges.values().iterator();
    while (oldest.hasNext()) {
      Charge charge = oldest.next();
      if (charge.time().isAfter(since)) {
        return;
      }
      oldest.remove();
      sum = sum.minus(charge.dollars());
    }
  }
}
