// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Settlement;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a sender has taken from the queue and not dealt with yet. Each payment leaves it once: its
 * settlement ends, it goes back to the queue, or its transaction is watched.
 */
final class TakenPayments {
  private final SettlementQueue queue;
  private final SettlementEnding ending;
  private final Clock clock;
  private final Set<QueuedPayment> payments = new LinkedHashSet<>();

  TakenPayments(SettlementQueue queue, SettlementEnding ending, Clock clock) {
    this.queue = queue;
    this.ending = ending;
    this.clock = clock;
  }

  void add(List<QueuedPayment> more) {
    payments.addAll(more);
  }

  /** Another deals with it from now on. */
  void remove(QueuedPayment payment) {
    payments.remove(payment);
  }

  /** None of those that are left can be sent. */
  void notSent(Exception why) {
    for (QueuedPayment payment : List.copyOf(payments)) {
      notSent(payment, why);
    }
  }

  void notSent(QueuedPayment payment, Exception why) {
    if (payments.remove(payment)) {
      ending.notSent(payment, why);
    }
  }

  /** What has left before may still come through. */
  void failed(QueuedPayment payment, Settlement.Failed failed) {
    if (payments.remove(payment)) {
      if (payment.hasLeft()) {
        ending.later(payment, () -> ending.unlessUsed(payment, failed));
      } else {
        ending.failed(payment, failed);
      }
    }
  }

  /** Its transfer would revert. Others do not wait while its outcome is read. */
  void reverts(QueuedPayment payment) {
    if (payments.remove(payment)) {
      Settlement.Failed otherwise =
          hasTime(payment)
              ? SettlementEnding.refused("the transfer would revert; nothing was sent")
              : SettlementEnding.expired();
      ending.later(payment, () -> ending.unlessUsed(payment, otherwise));
    }
  }

  void giveBack(List<QueuedPayment> back) {
    back.forEach(payments::remove);
    queue.addFirst(back);
  }

  void giveBackAlone(QueuedPayment payment) {
    payment.sendAlone();
    giveBack(List.of(payment));
  }

  boolean hasTime(QueuedPayment payment) {
    return OfflineChecks.hasTimeToSettle(payment.asked(), clock.instant());
  }
}
