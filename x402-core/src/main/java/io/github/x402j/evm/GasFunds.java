// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the gas accounts can pay for a settlement at the present price of gas. Asks the chain
 * every {@link #ASKED_EVERY} at most, in the thread of one caller; the others go on with what is
 * known. Each change of an account is logged once.
 */
final class GasFunds {
  static final Duration ASKED_EVERY = Duration.ofSeconds(10);

  /** While payments are refused for want of gas. */
  static final Duration ASKED_AGAIN_AFTER = Duration.ofSeconds(2);

  /** What a transfer of USDC needs, its reserve included. */
  static final BigInteger USUAL_GAS = BigInteger.valueOf(110_000);

  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);

  private final Chain chain;
  private final List<Address> accounts;
  private final Clock clock;
  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile Known known = new Known(Set.of(), null, null);

  /** Guards {@link #known} against changes that overtake each other. */
  private final Object lock = new Object();

  GasFunds(Chain chain, List<Address> accounts, Clock clock) {
    this.chain = chain;
    this.accounts = List.copyOf(accounts);
    this.clock = clock;
  }

  /**
   * What is known.
   *
   * @param empty the accounts that cannot pay for a settlement
   * @param quote what gas cost, or null if that is not known
   * @param askAgainAt when it is too old, or null if it is
   */
  private record Known(
      Set<Address> empty, Chain.@Nullable Quote quote, @Nullable Instant askAgainAt) {}

  /**
   * Requires an account that can pay, and gas below the ceiling.
   *
   * @param sender the only account that may send, empty if any may
   * @throws FacilitatorException if no account can pay, or gas costs too much; a node that does not
   *     answer is no such reason
   */
  void require(Optional<Address> sender, BigInteger ceiling) throws FacilitatorException {
    askIfOld();
    Optional<String> trouble =
        sender.isPresent() && isEmpty(sender.get())
            ? Optional.of(shortage(List.of(sender.get())))
            : trouble(ceiling);
    if (trouble.isPresent()) {
      throw new FacilitatorException(trouble.get());
    }
  }

  /** Returns why no payment can be settled now; asks the chain only if none could. */
  Optional<String> outage() {
    if (shortage().isPresent()) {
      askIfOld();
    }
    return shortage();
  }

  /** Returns why no payment can be settled now for at most this much wei per gas. */
  Optional<String> outage(BigInteger ceiling) {
    if (trouble(ceiling).isPresent()) {
      askIfOld();
    }
    return trouble(ceiling);
  }

  private Optional<String> trouble(BigInteger ceiling) {
    Optional<String> shortage = shortage();
    return shortage.isPresent() ? shortage : tooDear(ceiling);
  }

  private Optional<String> shortage() {
    return known.empty().containsAll(accounts) ? Optional.of(shortage(accounts)) : Optional.empty();
  }

  private Optional<String> tooDear(BigInteger ceiling) {
    Known now = known;
    Chain.Quote quote = now.quote();
    try {
      if (quote != null) {
        GasAccount.Fees.of(quote, ceiling);
      }
      return Optional.empty();
    } catch (FacilitatorException e) {
      soon(now);
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static String shortage(List<Address> accounts) {
    return (accounts.size() == 1
            ? "the gas account " + accounts.get(0) + " has"
            : "all gas accounts have")
        + " too little for a settlement";
  }

  boolean isEmpty(Address account) {
    return known.empty().contains(account);
  }

  /** The account turned out to have too little. */
  void ranOut(Address account) {
    synchronized (lock) {
      Set<Address> empty = new HashSet<>(known.empty());
      empty.add(account);
      become(new Known(Set.copyOf(empty), known.quote(), later(ASKED_AGAIN_AFTER)), null);
    }
  }

  /** The account has paid for a settlement. */
  void paid(Address account) {
    if (isEmpty(account)) {
      synchronized (lock) {
        Set<Address> empty = new HashSet<>(known.empty());
        empty.remove(account);
        become(new Known(Set.copyOf(empty), known.quote(), known.askAgainAt()), null);
      }
    }
  }

  private void askIfOld() {
    Instant askAgainAt = known.askAgainAt();
    if ((askAgainAt != null && clock.instant().isBefore(askAgainAt))
        || !asking.compareAndSet(false, true)) {
      return;
    }
    try {
      ask();
    } catch (FacilitatorException e) { // what is known stays; the payment's own calls will fail
      synchronized (lock) {
        known = new Known(known.empty(), known.quote(), later(ASKED_AGAIN_AFTER));
      }
    } finally {
      asking.set(false);
    }
  }

  /**
   * Asks the chain now.
   *
   * @throws FacilitatorException if it does not answer
   */
  void ask() throws FacilitatorException {
    Chain.Quote quote = chain.fees(); // of now: what an outage ends with
    BigInteger needed = USUAL_GAS.multiply(GasAccount.Fees.unlimited(quote).price().most());
    Set<Address> empty = new HashSet<>();
    for (Address account : accounts) {
      BigInteger balance = chain.balance(account);
      if (balance.signum() == 0 || balance.compareTo(needed) < 0) {
        empty.add(account);
      }
    }
    boolean isShort = empty.containsAll(accounts);
    synchronized (lock) {
      become(
          new Known(Set.copyOf(empty), quote, later(isShort ? ASKED_AGAIN_AFTER : ASKED_EVERY)),
          needed);
    }
  }

  /** The caller has the lock. */
  private void become(Known next, @Nullable BigInteger needed) {
    for (Address account : accounts) {
      boolean was = known.empty().contains(account);
      boolean is = next.empty().contains(account);
      if (is && !was) {
        log.warn(
            "gas key: {} has too little for a settlement{}; {}",
            account,
            needed == null ? "" : ", which needs about " + needed + " wei now",
            next.empty().containsAll(accounts)
                ? "payments get 503 until it has"
                : "the other gas accounts go on");
      } else if (was && !is) {
        log.info("gas key: {} has funds again", account);
      }
    }
    known = next;
  }

  /** Lets the next caller but those of a moment ask again. */
  private void soon(Known seen) {
    synchronized (lock) {
      Instant at = later(ASKED_AGAIN_AFTER);
      Instant due = seen.askAgainAt();
      if (known == seen && (due == null || due.isAfter(at))) {
        known = new Known(seen.empty(), seen.quote(), at);
      }
    }
  }

  private Instant later(Duration duration) {
    return clock.instant().plus(duration);
  }
}
