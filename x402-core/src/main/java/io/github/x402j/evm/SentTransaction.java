// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a gas account has sent under one number: a transaction, and those that replaced it with a
 * higher fee. One of them is mined at most. Safe for use by several threads.
 */
final class SentTransaction {
  private static final long READ_AGAIN_AFTER = Duration.ofMillis(100).toNanos();

  /** Once its caller waits no longer. */
  private static final long READ_SELDOM = Duration.ofSeconds(2).toNanos();

  private final GasAccount account;
  private final BigInteger number;
  private final BigInteger ceiling;
  private final boolean isShared;
  private final List<QueuedPayment> payments;
  private final Set<QueuedPayment> beingRead = new HashSet<>();
  private final Map<QueuedPayment, Long> readAt = new HashMap<>();
  private final Set<QueuedPayment> readBefore = new HashSet<>();
  private final List<GasAccount.Signed> versions = new ArrayList<>();
  private final Set<String> fillers = new HashSet<>();
  private final long sentAt;
  private State state = State.UNKNOWN;
  private SendErrors.@Nullable Kind refusal;
  private boolean isRefusalNew;
  private int timesSent;
  private boolean isBeingSent = true;
  private int timesPassed;
  private long sendAgainAt;
  private long pause;
  private long replacedAt;
  private long answeredAt;
  private long notSeenAt;

  /** How far it has come. */
  enum State {
    /** No node has said that it has it. */
    UNKNOWN,
    /** A node has said that it has it. */
    TAKEN,
    /** It was seen in a block. */
    MINED,
    /** No node will take it; it is only looked for. */
    GIVEN_UP
  }

  /**
   * @param payments those whose money it moves
   * @param ceiling the most wei that a unit of its gas may cost
   * @param now on the ticker
   */
  SentTransaction(
      GasAccount account,
      GasAccount.Signed first,
      List<QueuedPayment> payments,
      BigInteger ceiling,
      long now) {
    this.account = account;
    this.number = first.number();
    this.payments = new ArrayList<>(payments);
    this.ceiling = ceiling;
    this.isShared = payments.size() > 1;
    this.sentAt = now;
    this.replacedAt = now;
    this.answeredAt = now;
    this.notSeenAt = now;
    versions.add(first);
  }

  GasAccount account() {
    return account;
  }

  BigInteger number() {
    return number;
  }

  BigInteger ceiling() {
    return ceiling;
  }

  /** Returns whether it moves the money of several payments. */
  boolean isShared() {
    return isShared;
  }

  /** Returns for how long it has been on its way, in nanoseconds. */
  long age(long now) {
    return now - sentAt;
  }

  /** Returns the payments whose outcome it still decides. */
  synchronized List<QueuedPayment> payments() {
    return List.copyOf(payments);
  }

  synchronized void ended(QueuedPayment payment) {
    payments.remove(payment);
  }

  /**
   * Returns whether the caller may read the payment's outcome: one at a time does, now and then.
   */
  synchronized boolean beginReading(QueuedPayment payment, long now) {
    Long last = readAt.get(payment);
    boolean isDue =
        last == null || now - last > (payment.isDone() ? READ_SELDOM : READ_AGAIN_AFTER);
    if (!payments.contains(payment) || !isDue || !beingRead.add(payment)) {
      return false;
    }
    readAt.put(payment, now);
    return true;
  }

  /** Returns whether its outcome is being read since before its caller's time was over. */
  synchronized boolean isReadInTime(QueuedPayment payment) {
    Long began = readAt.get(payment);
    boolean isFirst = !readBefore.contains(payment);
    return began != null
        && beingRead.contains(payment)
        && (isFirst || !payment.times().isOver(began));
  }

  synchronized void endReading(QueuedPayment payment) {
    beingRead.remove(payment);
    readBefore.add(payment);
  }

  synchronized State state() {
    return state;
  }

  synchronized void state(State now) {
    state = now;
  }

  // ---- sending

  synchronized GasAccount.Signed newest() {
    return versions.get(versions.size() - 1);
  }

  synchronized List<String> hashes() {
    return versions.stream().map(GasAccount.Signed::hash).toList();
  }

  synchronized void replacedBy(GasAccount.Signed newer, long now) {
    versions.add(newer);
    state = State.UNKNOWN;
    refusal = null;
    replacedAt = now;
    pause = 0;
  }

  /** The same, with a transaction that moves no money. */
  synchronized void filledBy(GasAccount.Signed filler, long now) {
    fillers.add(filler.hash());
    replacedBy(filler, now);
  }

  /** Returns whether this version moves no money. */
  synchronized boolean isFiller(String hash) {
    return fillers.contains(hash);
  }

  /** Returns for how long its newest version has been on its way, in nanoseconds. */
  synchronized long ageOfNewest(long now) {
    return now - replacedAt;
  }

  /** Returns whether the caller may send it again: one at a time does, when it is due. */
  synchronized boolean beginSending(long now) {
    if (isBeingSent || state == State.MINED || state == State.GIVEN_UP || now - sendAgainAt < 0) {
      return false;
    }
    isBeingSent = true;
    return true;
  }

  /** Lets it be sent again at once. */
  synchronized void dueNow(long now) {
    sendAgainAt = now;
  }

  /** A look that began at this time did not show it. */
  synchronized void notSeen(long lookBegan) {
    notSeenAt = lookBegan;
  }

  /**
   * Returns whether it is to be sent again before another one comes behind it: no node has said
   * that it has it, or it was still in no block so long after it was sent for the last time.
   */
  synchronized boolean isLate(long late) {
    return state == State.UNKNOWN || notSeenAt - answeredAt > late;
  }

  /** Returns in how many nanoseconds it is to be sent again. */
  synchronized long dueIn(long now) {
    return isBeingSent || state == State.MINED || state == State.GIVEN_UP
        ? Long.MAX_VALUE
        : Math.max(0, sendAgainAt - now);
  }

  /** Returns whether it was sent once, and a node said at once that it has it. */
  synchronized boolean wentWell() {
    return timesSent == 1 && versions.size() == 1;
  }

  /** Returns whether a node has refused its newest version, and says so once for each time. */
  synchronized boolean takeRefusal() {
    boolean isNew = isRefusalNew;
    isRefusalNew = false;
    return isNew;
  }

  /** Returns whether its newest version offers too little for gas, as a node said last. */
  synchronized boolean isTooCheap() {
    return refusal == SendErrors.Kind.FEE;
  }

  /** A node refuses its newest version. */
  synchronized void refused(SendErrors.Kind kind) {
    refusal = kind;
    isRefusalNew = true;
  }

  /**
   * A node has answered.
   *
   * @param isTaken whether it says that it has it
   * @param longest how long to wait before it is sent again, if it has it
   */
  synchronized void answered(boolean isTaken, long now, long longest) {
    isBeingSent = false;
    timesSent++;
    answeredAt = now;
    if (isTaken) {
      refusal = null;
    }
    if (state == State.UNKNOWN && isTaken) {
      state = State.TAKEN;
    }
    pause = isTaken ? longest : Math.min(longest, Math.max(2 * pause, longest / 64));
    sendAgainAt = now + pause;
  }

  // ---- its number

  /**
   * The chain shows that its number was used, and not the transaction. Returns how often it did.
   */
  synchronized int passed() {
    return ++timesPassed;
  }

  synchronized void notPassed() {
    timesPassed = 0;
  }
}
