// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import java.time.Instant;
import java.util.Optional;

/**
 * Remembers which authorizations are in use or used, so that each buys one delivery, and counts the
 * uses of receipts.
 *
 * <p>An entry is <em>held</em> by the exchange that claimed it until that exchange calls {@link
 * #suspend}, {@link #delivered} or {@link #release}. Every method is atomic, also between processes
 * that share the store. An implementation never forgets an entry before its {@code keepUntil}: when
 * it is full, it says so.
 *
 * <p>A durable implementation must not let an entry stay held by a process that has died: it gives
 * each hold a lease that its process renews, and takes an entry whose lease has run out for
 * suspended. The next claim then asks the chain for the outcome and nothing is broadcast twice. A
 * use of a receipt whose holder has died counts as delivered.
 *
 * <p>Every implementation must pass {@code PaymentLedgerContract} of {@code x402-testing}. Methods
 * throw {@link LedgerException} when the store does not answer, or when another process has taken
 * the entry over; the gate stays closed then, and answers 503.
 */
public interface PaymentLedger {

  /**
   * Claims the authorization for one exchange.
   *
   * @param key which authorization
   * @param request what it is to pay for; an entry that has begun can be resumed by the same
   *     request only
   * @param keepUntil the time until which the entry must be remembered
   * @return how it stands; only {@code Granted} and {@code Resumed} give the caller the hold
   */
  Claim claim(PaymentKey key, String request, Instant keepUntil);

  /**
   * Records the transaction that is about to be broadcast. The caller holds the entry.
   *
   * @throws IllegalStateException if it is not held; the transaction must not be sent then
   */
  void settling(PaymentKey key, String transaction);

  /** Lets go of an entry whose settlement is unknown or undelivered; the next claim resumes it. */
  void suspend(PaymentKey key);

  /** Records that the authorization has bought its delivery. It never buys another. */
  void delivered(PaymentKey key);

  /** Forgets an entry that has cost the payer nothing: the authorization may be used again. */
  void release(PaymentKey key);

  /**
   * Takes one of the uses of a receipt. Uses that are held and uses that have bought their delivery
   * are never more than {@code uses} together; a use that is released can be taken again.
   *
   * @param key which receipt
   * @param uses how many uses it has in all, at least 1
   * @param keepUntil the time until which the count must be remembered; of several the latest
   * @return how it stands; only {@code Granted} gives the caller a use, which ends with {@link
   *     #useDelivered} or {@link #useReleased}
   */
  Use use(ReceiptKey key, long uses, Instant keepUntil);

  /**
   * Records that a use has bought its delivery. It is gone for good.
   *
   * @throws IllegalStateException if no use of the receipt is held
   */
  void useDelivered(ReceiptKey key);

  /**
   * Gives a use back.
   *
   * @throws IllegalStateException if no use of the receipt is held
   */
  void useReleased(ReceiptKey key);

  /** Returns how the entry stands, empty if there is none. */
  Optional<Entry> find(PaymentKey key);

  /**
   * How an entry stands.
   *
   * @param state how far it has come
   * @param transaction the recorded transaction, empty if none was
   */
  record Entry(State state, Optional<String> transaction) {}

  /** How far an entry has come. */
  enum State {
    /** An exchange is at work on it. */
    HELD,
    /** A transaction was recorded, and no exchange is at work on it. */
    SUSPENDED,
    /** It has bought its delivery. */
    DELIVERED
  }

  /** What came of asking for a use of a receipt. */
  sealed interface Use {
    /**
     * The caller holds a use.
     *
     * @param remaining how many are left, uses that others hold not counted, 0 or more
     */
    record Granted(long remaining) implements Use {}

    /** None is left, and some that others hold may come back. */
    record InProgress() implements Use {}

    /** All have bought their delivery. */
    record UsedUp() implements Use {}

    /** The ledger has no room for another entry. */
    record Full() implements Use {}
  }

  /** What a claim met. */
  sealed interface Claim {
    /** The authorization is new here; the caller holds it. */
    record Granted() implements Claim {}

    /**
     * An earlier exchange for the same request began to settle and was suspended; the caller now
     * holds it and must ask for the outcome before anything else.
     *
     * @param transaction the recorded hash, empty if none was
     */
    record Resumed(Optional<String> transaction) implements Claim {}

    /**
     * Another exchange holds it now.
     *
     * @param transaction the recorded hash, empty if none was
     */
    record InProgress(Optional<String> transaction) implements Claim {}

    /** It has bought its delivery, or is bound to another request. */
    record Used() implements Claim {}

    /** The ledger has no room for another entry. */
    record Full() implements Claim {}
  }
}
