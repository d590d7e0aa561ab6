// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.FacilitatorException;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands transactions to the node, acts on its refusals, and replaces a transaction by one with a
 * higher fee. An answer that is not certain leaves the transaction on its way.
 */
final class Broadcasts {
  /** After this long the same bytes are sent again, though the node has them. */
  static final Duration SENT_AGAIN_AFTER = Duration.ofSeconds(4);

  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);
  private static final int MOST_RAISES = 3;
  private static final BigInteger FILLER_GAS = BigInteger.valueOf(100_000);

  private final Chain chain;
  private final ChainPulse pulse;
  private final GasPool gasPool;
  private final SettlementQueue queue;
  private final SettlementEnding ending;
  private final Ticker ticker;

  Broadcasts(
      Chain chain,
      ChainPulse pulse,
      GasPool gasPool,
      SettlementQueue queue,
      SettlementEnding ending,
      Ticker ticker) {
    this.chain = chain;
    this.pulse = pulse;
    this.gasPool = gasPool;
    this.queue = queue;
    this.ending = ending;
    this.ticker = ticker;
  }

  /** Hands over the newest version. Does not throw. */
  void send(SentTransaction transaction) {
    Chain.Broadcast answer = chain.send(transaction.newest().raw());
    for (int i = 0; i < MOST_RAISES && isFee(answer) && raise(transaction); i++) {
      answer = chain.send(transaction.newest().raw());
    }
    if (answer instanceof Chain.Broadcast.Rejected rejected) {
      answer = unlessTaken(transaction, rejected);
    }
    boolean isTaken = answer instanceof Chain.Broadcast.Accepted;
    if (isTaken) {
      gasPool.funds().paid(transaction.account().address());
    } else if (answer instanceof Chain.Broadcast.Rejected rejected) {
      refused(transaction, rejected);
    }
    transaction.answered(isTaken, ticker.nanos(), SENT_AGAIN_AFTER.toNanos());
  }

  /** It was to be sent again, and was not. */
  void notSent(SentTransaction transaction) {
    transaction.answered(false, ticker.nanos(), SENT_AGAIN_AFTER.toNanos());
  }

  private static boolean isFee(Chain.Broadcast answer) {
    return answer instanceof Chain.Broadcast.Rejected rejected
        && SendErrors.kind(rejected) == SendErrors.Kind.FEE;
  }

  /**
   * A rejection may be wrong: a proxy hands the transaction to several nodes, or sends it twice,
   * and answers "nonce too low" for the very transaction that was mined.
   */
  private Chain.Broadcast unlessTaken(
      SentTransaction transaction, Chain.Broadcast.Rejected rejected) {
    try {
      return chain.isKnown(transaction.newest().hash()) ? new Chain.Broadcast.Accepted() : rejected;
    } catch (FacilitatorException e) {
      return new Chain.Broadcast.Unknown();
    }
  }

  /** What is refused for certain is acted on; it stays on its way all the same. */
  private void refused(SentTransaction transaction, Chain.Broadcast.Rejected rejected) {
    GasAccount account = transaction.account();
    transaction.refused(SendErrors.kind(rejected));
    switch (SendErrors.kind(rejected)) {
      case NUMBER -> account.recount();
      case ONE_AT_A_TIME -> account.oneAtATime();
      case FUNDS -> {
        gasPool.funds().ranOut(account.address());
        moveToOthers(transaction);
      }
      case NEVER -> {
        log.error(
            "the node rejected a settlement of {}: {}",
            account.address(),
            SendErrors.shown(rejected));
        giveUp(transaction);
      }
      case FEE, LATER ->
          log.debug("a node does not take a transaction now: {}", SendErrors.shown(rejected));
    }
  }

  /** Only what cannot have been taken goes to another account: its authorization is the same. */
  private void moveToOthers(SentTransaction transaction) {
    Address account = transaction.account().address();
    for (QueuedPayment payment : transaction.payments()) {
      boolean hasOther =
          gasPool.addresses().stream()
              .anyMatch(each -> !each.equals(account) && payment.canBePaidBy(each));
      if (hasOther && !payment.isDone()) {
        payment.cannotBePaidBy(account);
        transaction.ended(payment);
        queue.addFirst(List.of(payment));
      }
    }
    if (transaction.payments().isEmpty()) {
      free(transaction);
    }
  }

  private void giveUp(SentTransaction transaction) {
    if (transaction.isShared()) {
      for (QueuedPayment payment : transaction.payments()) {
        payment.sendAlone();
        transaction.ended(payment);
        queue.addFirst(List.of(payment));
      }
    } else {
      transaction.payments().forEach(ending::pending);
    }
    free(transaction);
  }

  private static void free(SentTransaction transaction) {
    transaction.state(SentTransaction.State.GIVEN_UP);
    transaction.account().ended(transaction);
    transaction.account().recount();
  }

  /**
   * Replaces the transaction by one with a higher fee, which is recorded first.
   *
   * @return whether it was; not if that is not allowed, or cannot be recorded
   */
  boolean raise(SentTransaction transaction) {
    GasAccount.Signed old = transaction.newest();
    Optional<GasAccount.Fees> fees = fees(old, transaction.ceiling());
    List<QueuedPayment> payments = transaction.payments();
    if (fees.isEmpty() || payments.stream().anyMatch(QueuedPayment::isDone)) {
      return false;
    }
    GasAccount.Task task = old.task().withFees(fees.get());
    GasAccount.Signed newer = transaction.account().sign(old.number(), task);
    List<BeforeBroadcast> recorders = payments.stream().map(QueuedPayment::recorder).toList();
    if (!BeforeBroadcast.sendingAll(recorders, newer.hash()).isEmpty()) {
      return false;
    }
    payments.forEach(payment -> payment.leavesIn(newer.hash()));
    transaction.replacedBy(newer, ticker.nanos());
    return true;
  }

  /**
   * Gives the number to a transaction that does nothing, so that those behind it go on.
   *
   * @return whether it was; not if that costs too much
   */
  boolean fill(SentTransaction transaction) {
    GasAccount.Signed old = transaction.newest();
    Optional<GasAccount.Fees> fees =
        fees(old, transaction.ceiling().max(EvmFacilitator.DEFAULT_FEE_CEILING));
    if (fees.isEmpty()) {
      return false;
    }
    GasAccount account = transaction.account();
    GasAccount.Task nothing = new GasAccount.Task(account.address(), "0x", FILLER_GAS, fees.get());
    transaction.filledBy(account.sign(old.number(), nothing), ticker.nanos());
    return true;
  }

  /** Returns whether the newest version offers less than gas costs now. */
  boolean isTooCheap(SentTransaction transaction) {
    try {
      Chain.Quote now = pulse.fees();
      BigInteger needed = now.baseFee() == null ? now.gasPrice() : now.baseFee();
      return transaction.newest().task().fees().price().most().compareTo(needed) < 0;
    } catch (FacilitatorException e) {
      return false;
    }
  }

  private Optional<GasAccount.Fees> fees(GasAccount.Signed old, BigInteger ceiling) {
    try {
      return GasAccount.Fees.replacing(old.task().fees(), pulse.fees(), ceiling);
    } catch (FacilitatorException e) {
      return Optional.empty();
    }
  }
}
