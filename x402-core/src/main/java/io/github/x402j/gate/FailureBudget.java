// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.x402j.AcceptedReceipt;
import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * How often a payer may cause work that is not paid for (a handler that fails, a transfer that does
 * not go through) before it has to wait. Counts per minute, for a bounded number of payers.
 *
 * <p>A signature can be copied from the chain, so what others do with it must not lock its payer
 * out. An authorization counts once against its payer, whoever brings it and however often, and
 * only for a failure that is the payer's doing: that an authorization has been used is not.
 * Besides, each authorization has a budget of its own, so that one that fails again and again is
 * refused, and nothing else. So has each receipt: who presents it need not be its payer.
 */
final class FailureBudget {
  static final int DEFAULT_FAILURES_PER_MINUTE = 30;

  private static final int MAX_COUNTS = 10_000;
  private static final int MAX_AUTHORIZATIONS = 50_000;
  private static final Duration WINDOW = Duration.ofMinutes(1);

  /** After this time an authorization has ended: it is good for an hour at most. */
  private static final Duration LONGEST_LIFE = Duration.ofMinutes(65);

  private final int failuresPerMinute;
  private final Clock clock;

  /** By payer, by authorization, or by receipt. */
  private final Cache<Object, Count> counts =
      Caffeine.newBuilder()
          .maximumSize(MAX_COUNTS)
          .expireAfterWrite(WINDOW.multipliedBy(2))
          .executor(Runnable::run)
          .build();

  /** The authorizations that have counted against their payer. */
  private final Cache<SignedPayment.Id, Boolean> counted =
      Caffeine.newBuilder()
          .maximumSize(MAX_AUTHORIZATIONS)
          .expireAfterWrite(LONGEST_LIFE)
          .executor(Runnable::run)
          .build();

  FailureBudget(int failuresPerMinute, Clock clock) {
    this.failuresPerMinute = failuresPerMinute;
    this.clock = clock;
  }

  /** Returns whether a payment that is refused for this reason is refused by its payer's doing. */
  static boolean isPayersDoing(ErrorReason reason) {
    return switch (reason) {
      case INSUFFICIENT_FUNDS, INVALID_TRANSACTION_STATE, AUTHORIZATION_EXPIRED -> true;
      default -> false; // used, by whomever; or what a facilitator says of itself
    };
  }

  /** Counts a payment that the chain, or a facilitator, refused. */
  void refused(SignedPayment payment, ErrorReason reason) {
    failed(payment, isPayersDoing(reason));
  }

  /** Counts a payment whose settlement failed. */
  void failed(SignedPayment payment, Settlement.Failed settlement) {
    failed(
        payment,
        isPayersDoing(settlement.reason()) || settlement.equals(Settlement.CANCELLED_BY_PAYER));
  }

  /** Counts a payment whose handler failed. Where the money has moved, it was paid for. */
  void undelivered(VerifiedPayment payment) {
    if (payment.receipt().isPresent()) {
      failed(payment.receipt().get());
    } else {
      failed(payment.signed(), payment.settlement().isEmpty());
    }
  }

  private void failed(SignedPayment payment, boolean isPayersDoing) {
    count(payment.id());
    if (isPayersDoing && counted.asMap().putIfAbsent(payment.id(), true) == null) {
      count(payment.payer());
    }
  }

  /** Counts a receipt that was refused after it had caused work. */
  void failed(AcceptedReceipt receipt) {
    count(receipt.key());
  }

  /** Returns whether no payment may be begun by this payer at present. */
  boolean isSpent(Address payer) {
    return isSpentBy(payer);
  }

  /** Returns whether this payment, begun or not, has failed too often. */
  boolean isSpent(SignedPayment payment) {
    return isSpentBy(payment.id());
  }

  /** Returns whether the receipt has to wait. */
  boolean isSpent(AcceptedReceipt receipt) {
    return isSpentBy(receipt.key());
  }

  /** Returns how many counts are kept. */
  long size() {
    counts.cleanUp();
    return counts.estimatedSize();
  }

  private void count(Object who) {
    Instant now = clock.instant();
    counts
        .asMap()
        .compute(
            who,
            (same, count) ->
                count == null || !count.isOf(now)
                    ? new Count(now, 1)
                    : new Count(count.since, count.failures + 1));
  }

  private boolean isSpentBy(Object who) {
    Count count = counts.getIfPresent(who);
    return count != null && count.failures >= failuresPerMinute && count.isOf(clock.instant());
  }

  private record Count(Instant since, int failures) {
    /** A clock that was set back must not make the window longer. */
    boolean isOf(Instant now) {
      return !now.isBefore(since) && now.isBefore(since.plus(WINDOW));
    }
  }
}
