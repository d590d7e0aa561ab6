// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.SignedPayment;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What payers have on its way to the chain, so that nobody's balance pays for two transactions at a
 * time. A payment counts from its admission until the chain shows how it ended; one that was
 * settled counts a little longer, as a node may show an older block.
 *
 * <p>A payer whose transaction was reverted rests before the next one: for a minute, and twice as
 * long after each further one, up to an hour.
 *
 * <p>Only what was sent leaves a trace here, so its size is bounded by the gas that was spent.
 */
final class PaymentsInFlight {
  /** No node that is asked shows a block older than this. */
  static final Duration NODES_BEHIND_BY = Duration.ofMinutes(2);

  private static final Duration FIRST_REST = Duration.ofMinutes(1);
  private static final Duration LONGEST_REST = Duration.ofHours(1);

  /** A payer whose transactions went through for this long begins anew. */
  private static final Duration REVERTS_REMEMBERED = Duration.ofHours(2);

  /** Whatever the balance is: all of them revert if the payer moves it away in front of them. */
  static final int MOST_PER_PAYER = 64;

  private static final int PAYERS_BEFORE_CLEANUP = 1_000;

  private final Clock clock;
  private final Map<Account, State> payers = new HashMap<>();
  private int cleanUpAt = PAYERS_BEFORE_CLEANUP;

  PaymentsInFlight(Clock clock) {
    this.clock = clock;
  }

  /** Whose money of which token. */
  private record Account(Network network, Address asset, Address payer) {
    static Account of(SignedPayment payment) {
      return new Account(
          payment.requirements().network(), payment.requirements().asset(), payment.payer());
    }
  }

  /**
   * A payment that counts.
   *
   * @param until when it stops to count, or null while it is being settled
   * @param block where it was settled, or null if it was not, or the block is not known
   */
  private record Entry(
      SignedPayment payment,
      boolean isSettled,
      @Nullable Instant until,
      @Nullable BigInteger block) {

    BigInteger amount() {
      return PaymentsInFlight.amount(payment);
    }
  }

  /**
   * What the chain showed of a payer.
   *
   * @param balance the payer's
   * @param block on which all of it was read, or null for the newest that the node had
   * @param used which of the payments in flight were used by then
   */
  record Reading(BigInteger balance, @Nullable BigInteger block, Set<PaymentKey> used) {
    /** Copies the payments. */
    Reading {
      used = Set.copyOf(used);
    }

    /** Returns what the newest block shows, as far as the node has it. */
    static Reading newest(BigInteger balance) {
      return new Reading(balance, null, Set.of());
    }

    /** Returns whether the balance has paid for it already. */
    private boolean shows(Entry entry) {
      BigInteger settledIn = entry.block();
      return used.contains(entry.payment().key())
          || (block != null && settledIn != null && settledIn.compareTo(block) <= 0);
    }
  }

  private static final class State {
    private final Map<PaymentKey, Entry> entries = new HashMap<>();
    private int reverts;
    private Instant restsUntil = Instant.MIN;
  }

  /** Whether the balance pays for a payment. */
  enum Coverage {
    /** It does. */
    COVERED,
    /** It does not pay for the payment and for what is in flight. */
    TOO_LITTLE,
    /** It does not, but may already have paid for what is in flight: read it on one block. */
    READ_AGAIN,
    /** Too many payments of this payer are on their way already. */
    TOO_MANY,
    /** Another payment with this nonce is on its way. */
    NONCE_IN_FLIGHT
  }

  /** Returns whether the balance pays for the payment and for what is in flight. */
  synchronized Coverage covers(SignedPayment payment, Reading reading) {
    State state = payers.get(Account.of(payment));
    return state == null ? covers(payment, reading, new State()) : covers(payment, reading, state);
  }

  /** Counts the payment from now on, if the balance pays for it and for what is in flight. */
  synchronized Coverage admit(SignedPayment payment, Reading reading) {
    State state = payers.getOrDefault(Account.of(payment), new State());
    Coverage coverage = covers(payment, reading, state);
    if (coverage == Coverage.COVERED && others(payment).size() >= MOST_PER_PAYER) {
      return Coverage.TOO_MANY;
    }
    if (coverage == Coverage.COVERED) {
      state.entries.put(payment.key(), new Entry(payment, false, null, null));
      payers.put(Account.of(payment), state);
      cleanUp();
    }
    return coverage;
  }

  private Coverage covers(SignedPayment payment, Reading reading, State state) {
    prune(state);
    Entry same = state.entries.get(payment.key());
    if (same != null && !same.payment().digest().equals(payment.digest())) {
      return Coverage.NONCE_IN_FLIGHT;
    }
    BigInteger needed = amount(payment);
    BigInteger perhapsPaid = BigInteger.ZERO;
    for (Entry entry : state.entries.values()) {
      if (entry == same || reading.shows(entry)) {
        continue;
      }
      if (entry.isSettled()) {
        perhapsPaid = perhapsPaid.add(entry.amount());
      } else {
        needed = needed.add(entry.amount());
      }
    }
    BigInteger balance = reading.balance();
    if (balance.compareTo(needed.add(perhapsPaid)) >= 0) {
      return Coverage.COVERED;
    }
    boolean isFinal =
        balance.compareTo(amount(payment)) < 0
            || (reading.block() != null && balance.compareTo(needed) < 0);
    return isFinal ? Coverage.TOO_LITTLE : Coverage.READ_AGAIN;
  }

  /** Returns the other payments of this payer that are not known to be settled. */
  synchronized List<SignedPayment> others(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    return state == null
        ? List.of()
        : state.entries.values().stream()
            .filter(entry -> !entry.isSettled() && !entry.payment().key().equals(payment.key()))
            .map(Entry::payment)
            .toList();
  }

  /** Returns the newest block in which a payment of this payer was settled. */
  synchronized Optional<BigInteger> newestSettlement(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    return state == null
        ? Optional.empty()
        : state.entries.values().stream()
            .flatMap(entry -> Optional.ofNullable(entry.block()).stream())
            .max(BigInteger::compareTo);
  }

  /**
   * Returns until when the payer rests after a transaction that was reverted, empty if it does not.
   */
  synchronized Optional<Instant> restsUntil(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    return state != null && clock.instant().isBefore(state.restsUntil)
        ? Optional.of(state.restsUntil)
        : Optional.empty();
  }

  /** The payment is no longer in flight: nothing was sent, or it was not mined in time. */
  synchronized void ended(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    if (state != null) {
      state.entries.remove(payment.key());
    }
  }

  /** The payment was settled in this block; null if that is not known. */
  synchronized void settled(SignedPayment payment, @Nullable BigInteger block) {
    count(payment, new Entry(payment, true, clock.instant().plus(NODES_BEHIND_BY), block));
  }

  /** The payment may be mined until its window closes. */
  synchronized void pending(SignedPayment payment) {
    count(payment, new Entry(payment, false, payment.validBefore().plus(NODES_BEHIND_BY), null));
  }

  private void count(SignedPayment payment, Entry entry) {
    State state = payers.get(Account.of(payment));
    if (state != null && state.entries.containsKey(payment.key())) {
      state.entries.put(payment.key(), entry);
    }
  }

  /** The payment's transaction was mined and reverted: its payer rests. */
  synchronized void reverted(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    if (state == null || state.entries.remove(payment.key()) == null) {
      return;
    }
    Instant now = clock.instant();
    if (now.isBefore(state.restsUntil)) {
      return; // sent together with the one for which it rests
    }
    state.reverts =
        state.restsUntil.isBefore(now.minus(REVERTS_REMEMBERED)) ? 1 : state.reverts + 1;
    Duration rest = FIRST_REST.multipliedBy(1L << Math.min(state.reverts - 1, 10));
    state.restsUntil = now.plus(rest.compareTo(LONGEST_REST) < 0 ? rest : LONGEST_REST);
  }

  private void prune(State state) {
    Instant now = clock.instant();
    state.entries.values().removeIf(entry -> entry.until() != null && now.isAfter(entry.until()));
  }

  /** Forgets payers of whom nothing is in flight; each time as many more have come as are known. */
  private void cleanUp() {
    if (payers.size() < cleanUpAt) {
      return;
    }
    Instant forgotten = clock.instant().minus(REVERTS_REMEMBERED);
    payers
        .values()
        .removeIf(
            state -> {
              prune(state);
              return state.entries.isEmpty()
                  && (state.reverts == 0 || state.restsUntil.isBefore(forgotten));
            });
    cleanUpAt = Math.max(PAYERS_BEFORE_CLEANUP, 2 * payers.size());
  }

  /** Returns whether the payment still counts. */
  synchronized boolean counts(SignedPayment payment) {
    State state = payers.get(Account.of(payment));
    return state != null && state.entries.containsKey(payment.key());
  }

  /** Returns how many payers are known. */
  synchronized int payers() {
    return payers.size();
  }

  private static BigInteger amount(SignedPayment payment) {
    return payment.requirements().amount().atomicUnits();
  }
}
