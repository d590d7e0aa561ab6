// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The accounts that pay the gas. A transaction goes to the account of which the fewest are on their
 * way; among equals, in turn. Those without funds come last.
 */
final class GasPool {
  private final List<GasAccount> accounts;
  private final Set<Address> addresses;
  private final GasFunds funds;
  private final AtomicInteger turn = new AtomicInteger();

  GasPool(List<GasAccount> accounts, GasFunds funds) {
    this.accounts = List.copyOf(accounts);
    this.addresses =
        accounts.stream().map(GasAccount::address).collect(Collectors.toUnmodifiableSet());
    this.funds = funds;
    if (addresses.size() != accounts.size()) {
      throw new IllegalArgumentException(
          "gasKey: the same account twice; expected a different key each time");
    }
  }

  List<GasAccount> accounts() {
    return accounts;
  }

  Set<Address> addresses() {
    return addresses;
  }

  GasFunds funds() {
    return funds;
  }

  /** Returns the account that would most likely send a transaction now. */
  Address any() {
    return accounts.stream()
        .map(GasAccount::address)
        .filter(account -> !funds.isEmpty(account))
        .findFirst()
        .orElse(accounts.get(0).address());
  }

  /**
   * Requires an account that may send a transaction.
   *
   * @param sender the only account that may send it, empty if any may
   * @throws FacilitatorException if that is no account here
   */
  void require(Optional<Address> sender) throws FacilitatorException {
    if (sender.isPresent() && !addresses.contains(sender.get())) {
      throw new FacilitatorException("no gas key of " + sender.get() + ", which must send this");
    }
  }

  /**
   * Returns the accounts in the order in which to let them send: those with funds first; among them
   * the least busy, and among those in turn.
   */
  List<GasAccount> inOrder() {
    int first = Math.floorMod(turn.getAndIncrement(), accounts.size());
    List<GasAccount> order = new ArrayList<>(accounts.subList(first, accounts.size()));
    order.addAll(accounts.subList(0, first));
    record Busy(GasAccount account, boolean isEmpty, int busy) {}
    return order.stream()
        .map(account -> new Busy(account, funds.isEmpty(account.address()), account.busy()))
        .sorted(Comparator.comparing(Busy::isEmpty).thenComparing(Busy::busy))
        .map(Busy::account)
        .toList();
  }
}
