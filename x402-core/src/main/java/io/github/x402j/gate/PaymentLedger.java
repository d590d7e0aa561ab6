// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Remembers which authorizations are in use or used, so that each buys one delivery, and counts the
 * uses of receipts.
 *
 * <p>An exchange is one request with a payment. An entry is <em>held</em> by the exchange that
 * claimed it until that exchange calls {@link #suspend}, {@link #delivered} or {@link #release}.
 * Every method is atomic, also between processes that share the store. An implementation never
 * forgets an entry before its {@code keepUntil}: when it is full, it answers {@code Full}.
 *
 * <p>A durable implementation must not let an entry stay held by a process that has died: it gives
 * each hold a lease that its process renews, and treats an entry whose lease has expired as
 * suspended. The next claim then gets {@code Resumed}, so the chain is asked for the outcome and
 * nothing is broadcast twice. A use of a receipt whose holder has died counts as delivered.
 *
 * <p>Every implementation must pass {@code PaymentLedgerContract} of {@code x402-testing}. Methods
 * throw {@link LedgerException} if the store does not answer, or if another process has taken the
 * entry over. The gate then delivers nothing and answers 503.
 */
public interface PaymentLedger {
  /** How often a payment is delivered at most where its delivery breaks off each time. */
  int MAX_DELIVERIES = 3;

  /**
   * Returns a name of the store that no other store has: random, the same for every process that
   * shares the store, and for as long as the store remembers its entries. At most 64 visible ASCII
   * characters. It is a secret of those processes.
   */
  String id();

  /**
   * Returns how many entries it remembers, for a gauge that is read often: perhaps as of a minute
   * ago, and up to a limit. Empty if it would have to count them each time. Default: empty.
   */
  default OptionalLong entries() {
    return OptionalLong.empty();
  }

  /**
   * Claims the authorization for one exchange.
   *
   * @param key which authorization
   * @param binding what the entry is bound to: what was signed, what it is to pay for, and what
   *     else the caller wants to see again. Only the same binding can resume an entry
   * @param keepUntil the time until which the entry must be remembered
   * @return the result; the caller holds the entry only after {@code Granted} or {@code Resumed}
   */
  Claim claim(PaymentKey key, String binding, Instant keepUntil);

  /**
   * Records a transaction that is about to be broadcast, beside those that were recorded before:
   * any of them may move the money. The caller holds the entry.
   *
   * @throws IllegalStateException if it is not held; the transaction must not be sent then
   */
  void settling(PaymentKey key, String transaction);

  /**
   * Records one transaction that is about to be broadcast for several payments. The caller holds
   * their entries. A store that can does so in one write; each payment that it cannot record drops
   * out, and the others are recorded. By default, each is recorded by itself.
   *
   * @return the payments that are not recorded, and why; the transaction must not be sent with them
   * @throws LedgerException if none is recorded, because the store does not answer
   */
  default Map<PaymentKey, RuntimeException> settling(Set<PaymentKey> keys, String transaction) {
    Map<PaymentKey, RuntimeException> failed = new LinkedHashMap<>();
    for (PaymentKey key : keys) {
      try {
        settling(key, transaction);
      } catch (IllegalStateException e) {
        failed.put(key, e);
      }
    }
    return failed;
  }

  /**
   * Ends the hold of an entry whose outcome is unknown or whose delivery failed; the next claim
   * resumes it.
   */
  void suspend(PaymentKey key);

  /**
   * Records that the authorization has bought its delivery. It buys no other, unless this one is
   * taken back.
   */
  void delivered(PaymentKey key);

  /**
   * Takes a recorded delivery back that has broken off: the entry is suspended, and the next claim
   * resumes it. A payment is delivered {@value #MAX_DELIVERIES} times at most, because a client can
   * break a delivery off itself, just before its end. The exchange that recorded the delivery may
   * call this once.
   *
   * @return whether the payment can be fetched again; false, without effect, if no delivery is
   *     recorded or it was the last one
   */
  boolean takeBack(PaymentKey key);

  /** Forgets an entry that has cost the payer nothing: the authorization may be used again. */
  void release(PaymentKey key);

  /**
   * Takes one of the uses of a receipt. Held uses and delivered uses together are never more than
   * {@code uses}. A use that was released can be taken again.
   *
   * @param key which receipt
   * @param uses how many uses it has in all, at least 1
   * @param keepUntil the time until which the count must be remembered; of several calls the latest
   *     time counts
   * @return the result; only {@code Granted} gives the caller a use, which ends with {@link
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

  /**
   * Gives a use back whose delivery is recorded and has broken off. A receipt gets {@link
   * #MAX_DELIVERIES} - 1 of its uses back in all. The exchange that recorded the delivery may call
   * this once.
   *
   * @return whether the use was given back; false, without effect, if none is recorded or too many
   *     were given back before
   */
  boolean useTakenBack(ReceiptKey key);

  /** Returns how the entry stands, empty if there is none. */
  Optional<Entry> find(PaymentKey key);

  /**
   * How an entry stands.
   *
   * @param state how far it has come
   * @param transactions the hashes that were recorded, oldest first
   */
  record Entry(State state, List<String> transactions) {
    /** Copies the hashes. */
    public Entry {
      transactions = List.copyOf(transactions);
    }
  }

  /** How far an entry has come. */
  enum State {
    /** An exchange is working on it. */
    HELD,
    /** A settlement may have begun, and no exchange is working on it. */
    SUSPENDED,
    /** It has bought its delivery. */
    DELIVERED
  }

  /** The result of {@link #use}. */
  sealed interface Use {
    /**
     * The caller holds a use.
     *
     * @param remaining how many uses are left, 0 or more, without those that others hold
     */
    record Granted(long remaining) implements Use {}

    /** No use is left, but others hold uses that may be given back. */
    record InProgress() implements Use {}

    /** All uses have bought their delivery. */
    record UsedUp() implements Use {}

    /** The ledger has no room for another entry. */
    record Full() implements Use {}
  }

  /** The result of {@link #claim}. */
  sealed interface Claim {
    /** The authorization is new here; the caller holds it. */
    record Granted() implements Claim {}

    /**
     * An earlier exchange with the same binding began to settle and was suspended; the caller now
     * holds it and must ask for the outcome before anything else.
     *
     * @param transactions the hashes that were recorded, oldest first
     */
    record Resumed(List<String> transactions) implements Claim {
      /** Copies the hashes. */
      public Resumed {
        transactions = List.copyOf(transactions);
      }
    }

    /**
     * Another exchange holds it now.
     *
     * @param transaction the newest hash that was recorded, empty if none was
     * @param freeIn the time after which a holder that seems to have died loses it; zero if the
     *     holder lives
     */
    record InProgress(Optional<String> transaction, Duration freeIn) implements Claim {
      /** Says that the holder lives. */
      public InProgress(Optional<String> transaction) {
        this(transaction, Duration.ZERO);
      }
    }

    /** It has bought its delivery, or is bound to something else. */
    record Used() implements Claim {}

    /** The ledger has no room for another entry. */
    record Full() implements Claim {}
  }
}
