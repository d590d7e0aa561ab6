// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.evm.SentTransaction.State;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transactions that were sent and are in no block: replaces what is stuck, fills a number that
 * others wait behind, and sends payments again whose number went to another transaction.
 */
final class MissingTransactions {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  /** The chain shows a number as used so often before that is believed. */
  private static final int PASSED_FOR_GOOD = 2;

  /** A replacement is worth while after this long. */
  static final long OLD = Duration.ofSeconds(2).toNanos();

  private static final long STUCK = Duration.ofSeconds(8).toNanos();

  private final WatchedTransactions watched;
  private final Broadcasts broadcasts;
  private final SettlementEnding ending;
  private final Ticker ticker;

  MissingTransactions(
      WatchedTransactions watched, Broadcasts broadcasts, SettlementEnding ending, Ticker ticker) {
    this.watched = watched;
    this.broadcasts = broadcasts;
    this.ending = ending;
    this.ticker = ticker;
  }

  /**
   * @param mined how many transactions of its account the chain shows, or null if that was not
   *     asked
   * @param pace how long a transaction takes to be mined, in nanoseconds; 0 if that is not known
   */
  void look(SentTransaction transaction, @Nullable BigInteger mined, long pace) {
    long now = ticker.nanos();
    if (transaction.state() == State.MINED) { // its block was taken back
      transaction.state(State.UNKNOWN);
      transaction.dueNow(now);
    }
    boolean isPassed = mined != null && mined.compareTo(transaction.number()) > 0;
    if (!isPassed) {
      transaction.notPassed();
    } else if (transaction.passed() >= PASSED_FOR_GOOD) {
      passed(transaction);
    }
    if (transaction.payments().stream().allMatch(watched::isOver)) {
      closed(transaction, isPassed);
    } else if (transaction.state() == State.GIVEN_UP) {
      takenByAnother(transaction);
    } else {
      if (transaction.takeRefusal()) { // perhaps as another transaction has used the authorization
        transaction
            .payments()
            .forEach(
                payment ->
                    watched.read(transaction, payment, () -> endIfUsed(transaction, payment)));
      }
      if (isStuck(transaction, now, pace)) {
        unblock(transaction, now);
      }
    }
  }

  private boolean isStuck(SentTransaction transaction, long now, long pace) {
    long age = transaction.ageOfNewest(now);
    return transaction.isTooCheap()
        || age > Math.max(STUCK, 4 * pace)
        || (age > Math.max(OLD, 2 * pace) && broadcasts.isTooCheap(transaction));
  }

  /** Those behind it must go on, even if its own callers wait no longer. */
  private void unblock(SentTransaction transaction, long now) {
    Address account = transaction.account().address();
    if (broadcasts.raise(transaction)) {
      log.info("a transaction of {} is stuck; it is replaced by one with a higher fee", account);
      transaction.dueNow(now);
    } else if (transaction.payments().stream().allMatch(QueuedPayment::isDone)
        && isFollowed(transaction)
        && broadcasts.fill(transaction)) {
      log.info("a transaction of {} is stuck; it is replaced by one that does nothing", account);
      transaction.dueNow(now);
    }
  }

  /** Another transaction was mined under its number; perhaps one of another process. */
  private static void passed(SentTransaction transaction) {
    if (transaction.state() != State.GIVEN_UP) {
      transaction.state(State.GIVEN_UP);
      transaction.account().ended(transaction);
      transaction.account().recount();
      log.warn(
          "gas key: another transaction of {} has the number of a settlement; does another process"
              + " use the account?",
          transaction.account().address());
    }
  }

  /** Its payments are sent under another number, unless they were made. */
  void takenByAnother(SentTransaction transaction) {
    if (transaction.payments().stream().allMatch(watched::isOver)) {
      closed(transaction, true);
      return;
    }
    for (QueuedPayment payment : transaction.payments()) {
      watched.read(
          transaction,
          payment,
          () -> {
            if (!endIfUsed(transaction, payment)) {
              watched.again(transaction, payment);
            }
          });
    }
  }

  /** Returns whether the authorization is used, by whatever transaction. */
  private boolean endIfUsed(SentTransaction transaction, QueuedPayment payment)
      throws FacilitatorException {
    PaymentOutcome outcome = ending.outcomeOf(payment.payment());
    if (!outcome.isUsed()) {
      return false;
    }
    watched.end(transaction, payment, outcome.now(payment.transactions()), null);
    return true;
  }

  /** Its payments can no longer be made: what waits behind its number must go on. */
  private void closed(SentTransaction transaction, boolean isPassed) {
    for (QueuedPayment payment : transaction.payments()) {
      watched.read(
          transaction,
          payment,
          () ->
              watched.end(
                  transaction,
                  payment,
                  ending.outcomeOf(payment.payment()).now(payment.transactions()),
                  null));
    }
    if (!transaction.payments().isEmpty() || isPassed || transaction.state() == State.GIVEN_UP) {
      watched.forgetIfEnded(transaction);
    } else if (isBlocking(transaction)) {
      if (transaction.ageOfNewest(ticker.nanos()) > OLD && broadcasts.fill(transaction)) {
        transaction.dueNow(ticker.nanos());
      }
    } else {
      watched.forget(transaction);
      transaction.account().recount();
    }
  }

  private boolean isBlocking(SentTransaction transaction) {
    return transaction.state() == State.TAKEN || isFollowed(transaction);
  }

  private static boolean isFollowed(SentTransaction transaction) {
    return transaction.account().onTheirWay().stream()
        .anyMatch(each -> each.number().compareTo(transaction.number()) > 0);
  }
}
