// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.ledger;

import io.github.x402j.ReceiptKey;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger.Use;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The uses of receipts that exchanges of this process hold. */
final class ReceiptUses {
  private final ReceiptRows rows;
  private final Lease lease;
  private final Amends amends;
  private final Clock clock;

  /** The holds of each receipt; which of them ends first does not matter. */
  private final Map<ReceiptKey, Deque<String>> held = new HashMap<>();

  ReceiptUses(ReceiptRows rows, Lease lease, Amends amends, Clock clock) {
    this.rows = rows;
    this.lease = lease;
    this.amends = amends;
    this.clock = clock;
  }

  Use use(ReceiptKey key, long uses, Instant keepUntil) {
    if (uses < 1) {
      throw new IllegalArgumentException("uses: expected at least 1, found " + uses);
    }
    lease.ensure();
    String hold = lease.newHold();
    String receipt = id(key);
    try {
      Use use =
          rows.take(
              new ReceiptRows.Wanted(receipt, uses, keepUntil, hold, lease.id()), clock.instant());
      if (use instanceof Use.Granted) {
        keep(key, hold);
      }
      return use;
    } catch (LedgerException e) {
      amends.add(() -> rows.giveBack(hold, receipt));
      throw e;
    }
  }

  /**
   * One of the process that is taken for dead counts all the same: a use is given to nobody else.
   */
  void delivered(ReceiptKey key) {
    String hold = letGo(key);
    try {
      rows.delivered(hold);
    } catch (LedgerException e) {
      amends.add(() -> rows.giveBack(hold, id(key))); // nothing is sent when this is thrown
      throw e;
    }
  }

  void released(ReceiptKey key) {
    String hold = letGo(key);
    try {
      rows.giveBack(hold, id(key));
    } catch (LedgerException e) {
      amends.add(() -> rows.giveBack(hold, id(key)));
      throw e;
    }
  }

  /** Issuers are of any length and alphabet; the length tells where one ends. */
  private static String id(ReceiptKey key) {
    return Hash.of(key.issuer().length() + " " + key.issuer() + " " + key.id());
  }

  private synchronized void keep(ReceiptKey key, String hold) {
    held.computeIfAbsent(key, any -> new ArrayDeque<>()).add(hold);
  }

  private synchronized String letGo(ReceiptKey key) {
    @Nullable Deque<String> holds = held.get(key);
    if (holds == null) {
      throw new IllegalStateException("no use of the receipt is held by an exchange");
    }
    String hold = holds.remove();
    if (holds.isEmpty()) {
      held.remove(key);
    }
    return hold;
  }
}
