// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.evm.SentTransaction.State;
import io.github.x402j.http.Ticker;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for everything that is on its way, in one round trip each time, as often as the pace of the
 * chain makes it worth while, and is the only one to look. Sends again what no node may have,
 * replaces what is stuck, and ends what the chain has decided.
 */
final class SettlementWatcher {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  private static final long SHORTEST = Duration.ofMillis(2).toNanos();
  private static final long LONGEST = Duration.ofSeconds(1).toNanos();
  private static final long MOST_PACE = Duration.ofSeconds(15).toNanos();
  private static final long LATE = Duration.ofMillis(100).toNanos();

  private final Chain chain;
  private final ChainPulse pulse;
  private final SettlementQueue queue;
  private final Broadcasts broadcasts;
  private final SettlementEnding ending;
  private final Ticker ticker;
  private final int confirmations;
  private final ChainListener listener;
  private final WatchedTransactions watched;
  private final MissingTransactions missing;
  private CompletableFuture<Boolean> news = new CompletableFuture<>();
  private boolean isRunning;

  /** The last look got no answer. */
  private boolean isBlind;

  /** How long a transaction takes to be mined, in nanoseconds; 0 while that is not known. */
  private long pace;

  SettlementWatcher(
      Chain chain,
      ChainPulse pulse,
      SettlementQueue queue,
      Broadcasts broadcasts,
      SettlementEnding ending,
      Clock clock,
      Ticker ticker,
      EvmSettlement.Terms terms) {
    this.chain = chain;
    this.pulse = pulse;
    this.queue = queue;
    this.broadcasts = broadcasts;
    this.ending = ending;
    this.ticker = ticker;
    this.confirmations = terms.confirmations();
    this.listener = terms.listener();
    watched = new WatchedTransactions(queue, ending, clock, ticker);
    missing = new MissingTransactions(watched, broadcasts, ending, ticker);
  }

  /** Looks for the transaction from now on. */
  void watch(SentTransaction transaction) {
    watched.add(transaction);
    wake();
  }

  /** There is something new to look for, or to wait for. */
  synchronized void wake() {
    news.complete(true);
    if (!isRunning) {
      isRunning = true;
      ticker.startOr("x402 watcher", this::run, this::stopped);
    }
  }

  private synchronized @Nullable CompletableFuture<Boolean> next() {
    if (watched.isEmpty() && queue.waiting().isEmpty()) {
      isRunning = false;
      return null;
    }
    if (news.isDone()) {
      news = new CompletableFuture<>();
    }
    return news;
  }

  private void run() {
    boolean isOver = false;
    try {
      for (CompletableFuture<Boolean> more = next(); more != null; more = next()) {
        letTheYoungestGrow();
        look();
        long shortest = shortest();
        if (shortest > SHORTEST) { // what is new is not mined at once either
          ticker.sleep(Duration.ofNanos(shortest));
        }
        ticker.await(more, Duration.ofNanos(pause(shortest)));
      }
      isOver = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!isOver) { // the next transaction starts it again
        stopped();
      }
    }
  }

  /** What has only just been sent is in no block yet. */
  private void letTheYoungestGrow() throws InterruptedException {
    long now = ticker.nanos();
    long youngest = Long.MAX_VALUE;
    for (SentTransaction each : watched.all()) {
      youngest = Math.min(youngest, each.age(now));
    }
    long worthALook = Math.max(SHORTEST, Math.min(pace / 4, LONGEST / 4));
    if (youngest < worthALook) {
      ticker.sleep(Duration.ofNanos(worthALook - youngest));
    }
  }

  private synchronized void stopped() {
    isRunning = false;
  }

  private long shortest() {
    return Math.max(SHORTEST, pace / 8);
  }

  /** Young transactions are looked for more often, and none more often than the pace is worth. */
  private long pause(long shortest) {
    long now = ticker.nanos();
    long longest = pace == 0 ? LONGEST : Math.min(LONGEST, Math.max(10 * SHORTEST, pace / 4));
    long pause = longest;
    for (SentTransaction each : watched.all()) {
      pause = Math.min(pause, Math.max(shortest, Math.min(each.dueIn(now), each.age(now) / 2)));
    }
    return pause;
  }

  private void look() {
    List<SentTransaction> all = watched.all();
    all.forEach(this::sendAgainIfDue);
    try {
      if (!all.isEmpty()) {
        look(all);
      }
      isBlind = false;
    } catch (FacilitatorException e) {
      if (!isBlind) {
        log.debug("the chain does not show what is on its way: {}", e.getMessage());
      }
      isBlind = true;
    } catch (RuntimeException e) { // the next look may be luckier
      log.error("a look at what is on its way failed", e);
    }
    endOverdue(all);
    queue.wake();
  }

  /**
   * Who waited for the outcome is told, as far as it is known; what is being read is waited for.
   *
   * @param lookedFor once at least, and read if that is in a block
   */
  private void endOverdue(List<SentTransaction> lookedFor) {
    long now = ticker.nanos();
    for (QueuedPayment payment : queue.overdue()) {
      ending.notSent(
          payment,
          new FacilitatorException("too many settlements are waiting for the gas account"));
    }
    for (SentTransaction each : lookedFor) {
      for (QueuedPayment payment : each.payments()) {
        if (!payment.isDone() && payment.times().isOver(now) && !each.isReadInTime(payment)) {
          ending.pending(payment);
        }
      }
    }
  }

  private void sendAgainIfDue(SentTransaction transaction) {
    if (transaction.beginSending(ticker.nanos())) {
      ticker.startOr(
          "x402 sender", () -> broadcasts.send(transaction), () -> broadcasts.notSent(transaction));
    }
  }

  private void look(List<SentTransaction> all) throws FacilitatorException {
    List<String> hashes = all.stream().flatMap(each -> each.hashes().stream()).toList();
    List<Address> senders =
        all.stream()
            .filter(this::isDoubtful)
            .map(each -> each.account().address())
            .distinct()
            .toList();
    long began = ticker.nanos();
    Chain.Progress progress = chain.progress(hashes, senders);
    pulse.seen(progress.head(), progress.baseFee(), began);
    Map<String, Chain.Receipt> receipts = new HashMap<>();
    progress.receipts().forEach(one -> one.ifPresent(it -> receipts.put(it.transaction(), it)));
    for (SentTransaction each : all) {
      Optional<Chain.Receipt> receipt =
          each.hashes().stream().filter(receipts::containsKey).map(receipts::get).findFirst();
      if (receipt.isPresent()) {
        mined(each, receipt.get(), progress.head());
      } else {
        each.notSeen(began);
        int sender = senders.indexOf(each.account().address());
        boolean isKnown = sender >= 0 && sender < progress.mined().size();
        missing.look(each, isKnown ? progress.mined().get(sender) : null, pace);
      }
    }
  }

  private boolean isDoubtful(SentTransaction transaction) {
    return transaction.state() != State.TAKEN
        || transaction.age(ticker.nanos()) > MissingTransactions.OLD;
  }

  // ---- it is in a block

  private void mined(SentTransaction transaction, Chain.Receipt receipt, Chain.Head head)
      throws FacilitatorException {
    if (transaction.state() != State.MINED) {
      transaction.state(State.MINED);
      transaction.account().ended(transaction);
      listener.mined(
          receipt, transaction.isFiller(receipt.transaction()) ? 0 : transaction.payments().size());
      if (transaction.wentWell()) {
        long taken = Math.min(MOST_PACE, transaction.age(ticker.nanos()));
        pace = pace == 0 ? taken : (3 * pace + taken) / 4;
      }
      if (transaction.isShared() && !receipt.succeeded()) {
        log.warn("a transaction of several payments was reverted; for ten minutes none is shared");
        queue.shareNoneForAWhile();
      }
    }
    if (!isConfirmed(receipt, head)) {
      return;
    }
    if (transaction.isFiller(receipt.transaction())) {
      transaction.state(State.GIVEN_UP);
      missing.takenByAnother(transaction);
      watched.forgetIfEnded(transaction);
      return;
    }
    for (QueuedPayment payment : transaction.payments()) {
      if (receipt.succeeded()
          && payment.asked().proof().use(receipt, chain) instanceof EvmPayment.Use.Moved moved) {
        transaction.ended(payment);
        if (!transaction.isShared()) {
          ending.measured(payment, receipt);
        }
        ending.settled(
            payment,
            new Settlement.Settled(receipt.transaction(), payment.asked().payer(), moved.amount()),
            receipt);
      } else {
        watched.read(transaction, payment, () -> minedInVain(transaction, payment, receipt));
      }
    }
    watched.forgetIfEnded(transaction);
  }

  private boolean isConfirmed(Chain.Receipt receipt, Chain.Head head) throws FacilitatorException {
    if (confirmations == 1) {
      return true; // being in a block is the first
    }
    BigInteger deep = head.number().subtract(receipt.block());
    // The newest block may be on another branch than the receipt, which is older than it.
    return deep.compareTo(BigInteger.valueOf(confirmations - 1L)) >= 0
        && chain.receipt(receipt.transaction()).filter(receipt::equals).isPresent();
  }

  /** One call of several failed, or the transaction was reverted: once more, alone. */
  private void minedInVain(
      SentTransaction transaction, QueuedPayment payment, Chain.Receipt receipt)
      throws FacilitatorException {
    PaymentOutcome outcome = ending.outcomeOf(payment.payment());
    payment.minedInVain();
    if (transaction.isShared()
        && outcome.isUnusedSince(receipt.block())
        && watched.again(transaction, payment)) {
      return;
    }
    watched.end(transaction, payment, outcome.of(receipt, payment.transactions()), receipt);
  }

  /** Sends again what should have been mined by now, before more comes behind it. */
  void sendAgainWhatIsLate(GasAccount account) {
    long now = ticker.nanos();
    long late = Math.max(LATE, 2 * pace);
    account.onTheirWay().stream()
        .filter(each -> each.isLate(late))
        .limit(GasAccount.MOST_ON_THEIR_WAY)
        .forEach(
            each -> {
              each.dueNow(now);
              if (each.beginSending(now)) {
                broadcasts.send(each);
              }
            });
  }
}
