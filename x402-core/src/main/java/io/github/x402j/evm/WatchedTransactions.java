// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.http.Ticker;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transactions that are looked for, and how their payments leave them: with an outcome that the
 * chain shows, or to be sent under another number. Safe for use by several threads.
 */
final class WatchedTransactions {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  private final SettlementQueue queue;
  private final SettlementEnding ending;
  private final Clock clock;
  private final Ticker ticker;
  private final Set<SentTransaction> watched = ConcurrentHashMap.newKeySet();

  WatchedTransactions(SettlementQueue queue, SettlementEnding ending, Clock clock, Ticker ticker) {
    this.queue = queue;
    this.ending = ending;
    this.clock = clock;
    this.ticker = ticker;
  }

  void add(SentTransaction transaction) {
    watched.add(transaction);
  }

  boolean isEmpty() {
    return watched.isEmpty();
  }

  List<SentTransaction> all() {
    return List.copyOf(watched);
  }

  /** It is looked for no more, and its number is free to be asked for. */
  void forget(SentTransaction transaction) {
    transaction.account().ended(transaction);
    watched.remove(transaction);
  }

  void forgetIfEnded(SentTransaction transaction) {
    if (transaction.payments().isEmpty()) {
      forget(transaction);
    }
  }

  /** Returns whether its window is over on the clock; on the chain it may not be. */
  boolean isOver(QueuedPayment payment) {
    return !clock.instant().isBefore(payment.payment().validBefore());
  }

  /** What it throws is tried again with the next look. */
  void read(SentTransaction transaction, QueuedPayment payment, SettlementEnding.Reading reading) {
    if (!transaction.beginReading(payment, ticker.nanos())) {
      return;
    }
    ticker.startOr(
        "x402 outcome",
        () -> {
          try {
            reading.run();
          } catch (FacilitatorException e) {
            log.debug("the chain does not show an outcome: {}", e.getMessage());
          } finally {
            transaction.endReading(payment);
          }
        },
        () -> transaction.endReading(payment));
  }

  /** It has ended, unless its outcome is not known yet. */
  void end(
      SentTransaction transaction,
      QueuedPayment payment,
      Settlement settlement,
      Chain.@Nullable Receipt receipt) {
    if (settlement instanceof Settlement.Settled settled) {
      transaction.ended(payment);
      ending.settled(payment, settled, receipt);
    } else if (settlement instanceof Settlement.Failed failed) {
      transaction.ended(payment);
      ending.failed(payment, failed);
    }
  }

  /** Sends the payment under another number, if its caller still waits. */
  boolean again(SentTransaction transaction, QueuedPayment payment) {
    if (payment.isDone() || !OfflineChecks.hasTimeToSettle(payment.asked(), clock.instant())) {
      return false;
    }
    transaction.ended(payment);
    payment.sendAlone();
    queue.addFirst(List.of(payment));
    return true;
  }
}
