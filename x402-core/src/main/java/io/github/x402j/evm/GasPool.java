// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accounts that pay the gas. A transaction goes to the account where the fewest are waiting;
 * among equals, in turn. One that has run out of funds gets none for {@link #REST}.
 */
final class GasPool {
  private static final Logger log = LoggerFactory.getLogger(EvmFacilitator.class);
  private static final Duration REST = Duration.ofSeconds(30);

  private final List<GasAccount> accounts;
  private final Set<Address> addresses;
  private final Clock clock;
  private final AtomicInteger turn = new AtomicInteger();
  private final Map<GasAccount, Instant> resting = new ConcurrentHashMap<>();

  GasPool(List<GasAccount> accounts, Clock clock) {
    this.accounts = List.copyOf(accounts);
    this.addresses =
        accounts.stream().map(GasAccount::address).collect(Collectors.toUnmodifiableSet());
    this.clock = clock;
    if (addresses.size() != accounts.size()) {
      throw new IllegalArgumentException(
          "gasKey: the same account twice; expected a different key each time");
    }
  }

  /** A transaction that left, or may have left, this process, and its account. */
  record Sent(GasAccount account, GasAccount.Sent transaction) {}

  Set<Address> addresses() {
    return addresses;
  }

  /** Returns an account to simulate calls from. */
  Address any() {
    return accounts.get(0).address();
  }

  /**
   * Warns of the accounts that cannot pay for a settlement.
   *
   * @throws FacilitatorException if the chain does not answer
   */
  void warnOfEmptyAccounts(Chain chain, Network network) throws FacilitatorException {
    for (Address account : addresses) {
      if (chain.balance(account).signum() == 0) {
        log.warn(
            "gas key: {} has no funds on {}; no payment can be settled until it has",
            account,
            network);
      }
    }
  }

  /**
   * As {@link GasAccount#send}, by whichever account has funds.
   *
   * @param sender the only account that may send it, empty if any may
   */
  @Nullable Sent send(
      GasAccount.Task task,
      Optional<Address> sender,
      Duration patience,
      BooleanSupplier stillWanted,
      Consumer<String> beforeBroadcast)
      throws FacilitatorException {
    Sent last = null;
    for (GasAccount account : inOrder(sender)) {
      GasAccount.Sent sent = account.send(task, patience, stillWanted, beforeBroadcast);
      if (sent == null) {
        return null;
      }
      last = new Sent(account, sent);
      // Only what cannot have been taken goes to another account: its authorization is the same.
      if (!(sent.broadcast() instanceof Chain.Broadcast.Rejected rejected)
          || !SendErrors.isWithoutFunds(rejected)) {
        resting.remove(account);
        return last;
      }
      log.warn("gas key: {} has too little for a settlement", account.address());
      resting.put(account, clock.instant().plus(REST));
    }
    return last;
  }

  /** Accounts with funds first; among them the least busy, and among those in turn. */
  private List<GasAccount> inOrder(Optional<Address> sender) throws FacilitatorException {
    if (sender.isPresent() && !addresses.contains(sender.get())) {
      throw new FacilitatorException("no gas key of " + sender.get() + ", which must send this");
    }
    int first = Math.floorMod(turn.getAndIncrement(), accounts.size());
    List<GasAccount> order = new ArrayList<>(accounts.subList(first, accounts.size()));
    order.addAll(accounts.subList(0, first));
    Instant now = clock.instant();
    record Busy(GasAccount account, boolean rests, int waiting) {}
    return order.stream()
        .filter(account -> sender.isEmpty() || sender.get().equals(account.address()))
        .map(account -> new Busy(account, isResting(account, now), account.waiting()))
        .sorted(Comparator.comparing(Busy::rests).thenComparing(Busy::waiting))
        .map(Busy::account)
        .toList();
  }

  private boolean isResting(GasAccount account, Instant now) {
    Instant until = resting.get(account);
    return until != null && now.isBefore(until);
  }
}
