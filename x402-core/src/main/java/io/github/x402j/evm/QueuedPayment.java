// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A payment from the queue to its outcome. Its future completes when the outcome is known, or when
 * its time is over. Safe for use by several threads.
 */
final class QueuedPayment {
  private final SignedPayment payment;
  private final EvmPayment asked;
  private final Function<Address, Chain.Call> transfer;
  private final BeforeBroadcast record;
  private final Times times;
  private final CompletableFuture<Settlement> settlement = new CompletableFuture<>();

  /** All transactions that were recorded for it and may have left, oldest first. */
  private final List<String> transactions = new CopyOnWriteArrayList<>();

  private final Set<Address> withoutFunds = ConcurrentHashMap.newKeySet();
  private volatile boolean mayShare;
  private volatile boolean isAdmitted;
  private volatile boolean hasLeft;
  private volatile boolean wasMinedInVain;

  /**
   * On the ticker.
   *
   * @param queued when it came
   * @param deadline when the caller stops to wait
   */
  record Times(long queued, long deadline) {
    boolean isOver(long now) {
      return now - deadline >= 0;
    }
  }

  /**
   * @param transfer returns the call that moves the money, sent by this account
   * @param mayShare whether it may share a transaction with others
   */
  QueuedPayment(
      SignedPayment payment,
      Function<Address, Chain.Call> transfer,
      BeforeBroadcast record,
      Times times,
      boolean mayShare) {
    this.payment = payment;
    this.asked = OfflineChecks.Checked.of(payment).payment();
    this.transfer = transfer;
    this.record = record;
    this.times = times;
    this.mayShare = mayShare;
  }

  SignedPayment payment() {
    return payment;
  }

  EvmPayment asked() {
    return asked;
  }

  Chain.Call transferBy(Address account) {
    return transfer.apply(account);
  }

  BeforeBroadcast recorder() {
    return record;
  }

  Times times() {
    return times;
  }

  /** Completes when the outcome is known, or the caller's time is over. */
  CompletableFuture<Settlement> settlement() {
    return settlement;
  }

  /** Returns whether its caller waits no longer. */
  boolean isDone() {
    return settlement.isDone();
  }

  boolean mayShare() {
    return mayShare;
  }

  /** From now on it is sent in a transaction of its own. */
  void sendAlone() {
    mayShare = false;
  }

  /** Returns whether it was counted against its payer's balance. */
  boolean isAdmitted() {
    return isAdmitted;
  }

  void admitted() {
    isAdmitted = true;
  }

  /** The account cannot pay for its transaction. */
  void cannotBePaidBy(Address account) {
    withoutFunds.add(account);
  }

  boolean canBePaidBy(Address account) {
    return !withoutFunds.contains(account)
        && asked.sender().filter(sender -> !sender.equals(account)).isEmpty();
  }

  /** The transaction is about to leave. */
  void leavesIn(String transaction) {
    transactions.add(transaction);
    hasLeft = true;
  }

  /** Returns whether a transaction of it has left, or may have. */
  boolean hasLeft() {
    return hasLeft;
  }

  List<String> transactions() {
    return List.copyOf(transactions);
  }

  /** Returns the transaction that left last, or null if none did. */
  @Nullable String lastTransaction() {
    return transactions.isEmpty() ? null : transactions.get(transactions.size() - 1);
  }

  /** A transaction of it was mined and did not move its money. */
  void minedInVain() {
    wasMinedInVain = true;
  }

  boolean wasMinedInVain() {
    return wasMinedInVain;
  }
}
