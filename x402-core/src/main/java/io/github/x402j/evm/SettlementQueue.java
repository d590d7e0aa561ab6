// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.PaymentKey;
import io.github.x402j.http.Ticker;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Payments that are ready to be sent. Each gas account has one sender, which takes what is there as
 * soon as it is free: one payment alone, or several that may share a transaction.
 */
final class SettlementQueue {

  /**
   * How payments share transactions.
   *
   * @param mostPayments of one transaction
   * @param longestWait how long the first payment waits for others
   */
  record Sharing(int mostPayments, Duration longestWait) {}

  /** Sends what it takes until nothing is left for it. */
  interface Sender {
    void run();
  }

  /** After a payer has used up the gas of all who shared a transaction with it. */
  private static final Duration NONE_SHARED_FOR = Duration.ofMinutes(10);

  private final GasPool gasPool;
  private final Ticker ticker;
  private final Sharing sharing;
  private final Map<GasAccount, Sender> senders = new HashMap<>();
  private final Set<GasAccount> sending = new HashSet<>();
  private final Set<GasAccount> starting = new HashSet<>();
  private final Deque<QueuedPayment> waiting = new ArrayDeque<>();

  /**
   * Until when each payment has a transaction of its own, on the ticker; null if none was reverted.
   */
  private @Nullable Long aloneUntil;

  /** Completes when as many wait as may share a transaction. */
  private CompletableFuture<Boolean> full = new CompletableFuture<>();

  SettlementQueue(GasPool gasPool, Ticker ticker, Sharing sharing) {
    this.gasPool = gasPool;
    this.ticker = ticker;
    this.sharing = sharing;
  }

  void serve(GasAccount account, Sender sender) {
    senders.put(account, sender);
  }

  void add(QueuedPayment payment) {
    synchronized (waiting) {
      waiting.addLast(payment);
      if (waiting.size() >= sharing.mostPayments()) {
        full.complete(true);
      }
    }
    wake();
  }

  /** Gives payments back, to be sent before the others. */
  void addFirst(List<QueuedPayment> payments) {
    synchronized (waiting) {
      for (int i = payments.size() - 1; i >= 0; i--) {
        waiting.addFirst(payments.get(i));
      }
    }
    wake();
  }

  /** Returns whether the payment waited, and waits no longer. */
  boolean remove(QueuedPayment payment) {
    synchronized (waiting) {
      return waiting.remove(payment);
    }
  }

  /** Takes out the payments whose callers' time is over, unless a sender is about to take some. */
  List<QueuedPayment> overdue() {
    long now = ticker.nanos();
    List<QueuedPayment> overdue = new ArrayList<>();
    synchronized (waiting) {
      if (!starting.isEmpty()) {
        return overdue;
      }
      for (Iterator<QueuedPayment> each = waiting.iterator(); each.hasNext(); ) {
        QueuedPayment payment = each.next();
        if (payment.times().isOver(now)) {
          each.remove();
          overdue.add(payment);
        }
      }
    }
    return overdue;
  }

  List<QueuedPayment> waiting() {
    synchronized (waiting) {
      return List.copyOf(waiting);
    }
  }

  /** Starts as many senders as find something to do. */
  void wake() {
    List<GasAccount> started = new ArrayList<>();
    synchronized (waiting) {
      int left = waiting.size();
      for (GasAccount account : left == 0 ? List.<GasAccount>of() : gasPool.inOrder()) {
        if (started.size() < left
            && !sending.contains(account)
            && account.hasRoom()
            && waiting.stream().anyMatch(payment -> isFor(account, payment))) {
          sending.add(account);
          starting.add(account);
          started.add(account);
        }
      }
    }
    started.forEach(this::start);
  }

  private void start(GasAccount account) {
    ticker.startOr("x402 sender", () -> run(account), () -> stopped(account));
  }

  private void run(GasAccount account) {
    boolean hasEnded = false;
    try {
      Objects.requireNonNull(senders.get(account)).run();
      hasEnded = true;
    } finally {
      if (!hasEnded) { // an error, such as no memory; the next payment starts it again
        stopped(account);
      }
    }
  }

  private void stopped(GasAccount account) {
    synchronized (waiting) {
      starting.remove(account);
      sending.remove(account);
    }
  }

  /** Returns whether there is an account that can pay for it. */
  boolean canBeSent(QueuedPayment payment) {
    return gasPool.addresses().stream().anyMatch(payment::canBePaidBy);
  }

  /** An account without funds sends only what no other can send. */
  private boolean isFor(GasAccount account, QueuedPayment payment) {
    return payment.canBePaidBy(account.address())
        && (!gasPool.funds().isEmpty(account.address())
            || gasPool.addresses().stream()
                .allMatch(each -> !payment.canBePaidBy(each) || gasPool.funds().isEmpty(each)));
  }

  /**
   * Takes what goes into the account's next transaction, in the order in which it came. If that is
   * nothing, its sender ends.
   *
   * @param most how many at most
   */
  List<QueuedPayment> take(GasAccount account, int most) {
    List<QueuedPayment> taken = new ArrayList<>();
    Set<PaymentKey> keys = new HashSet<>();
    synchronized (waiting) {
      starting.remove(account);
      Iterator<QueuedPayment> each = waiting.iterator();
      while (account.hasRoom() && each.hasNext() && isRoomIn(taken, most)) {
        QueuedPayment payment = each.next();
        if (payment.isDone()) {
          each.remove();
        } else if (isFor(account, payment)
            && (taken.isEmpty() || payment.mayShare())
            && keys.add(payment.payment().key())) {
          each.remove();
          taken.add(payment);
        }
      }
      if (taken.isEmpty()) {
        sending.remove(account);
      }
    }
    return taken;
  }

  private boolean isRoomIn(List<QueuedPayment> taken, int most) {
    return taken.isEmpty()
        || (taken.get(0).mayShare()
            && taken.size() < Math.min(most, sharing.mostPayments())
            && (aloneUntil == null || ticker.nanos() - aloneUntil >= 0));
  }

  /** A shared transaction was reverted as a whole, which cost the gas of all its payments. */
  void shareNoneForAWhile() {
    synchronized (waiting) {
      aloneUntil = ticker.nanos() + NONE_SHARED_FOR.toNanos();
    }
  }

  /** Waits for more to come, if that is wanted, until as many are there as may share. */
  void gather() {
    if (sharing.longestWait().isZero()) {
      return;
    }
    Duration longest;
    CompletableFuture<Boolean> more;
    synchronized (waiting) {
      QueuedPayment first = waiting.peekFirst();
      if (first == null || !first.mayShare() || waiting.size() >= sharing.mostPayments()) {
        return;
      }
      long waited = ticker.nanos() - first.times().queued();
      longest = sharing.longestWait().minusNanos(waited);
      full = full.isDone() ? new CompletableFuture<>() : full;
      more = full;
    }
    if (!longest.isNegative() && !longest.isZero()) {
      try {
        ticker.await(more, longest);
      } catch (InterruptedException e) { // what is there goes now
        Thread.currentThread().interrupt();
      }
    }
  }
}
