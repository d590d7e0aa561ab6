// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.function.Function;

/** What the journal says of all wallets, during one turn. */
final class JournalState {
  private final JournalStorage.Turn turn;
  private final Function<String, ReadWriteLock> leaving;

  /**
   * @param leaving returns the lock of an agent, see {@link WalletState#leaving}
   */
  JournalState(JournalStorage.Turn turn, Function<String, ReadWriteLock> leaving) {
    this.turn = turn;
    this.leaving = leaving;
  }

  /**
   * Writes the entry that comes next, and what follows from it.
   *
   * @throws IllegalArgumentException if it lacks a detail
   */
  void write(JournalEntry.Draft draft) throws IOException {
    JournalStorage.Last last = turn.last();
    JournalEntry entry = draft.at(last.sequence() + 1);
    turn.append(entry, JournalCheck.checksum(last.checksum(), entry));
    apply(entry);
  }

  /** Writes what follows from the entry, which is written. */
  void apply(JournalEntry entry) throws IOException {
    if (entry.event() == JournalEntry.Event.PROVISIONED || wallet(entry.agent()).isPresent()) {
      walletOf(entry.agent()).apply(entry);
    }
  }

  Optional<WalletState> wallet(String agent) {
    try {
      return turn.note(agent, WalletState.TERMS).isPresent()
          ? Optional.of(walletOf(agent))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private WalletState walletOf(String agent) {
    return new WalletState(agent, turn, leaving.apply(agent));
  }

  /**
   * Returns the wallet of the agent.
   *
   * @throws IllegalArgumentException if it has none
   */
  WalletState need(String agent) {
    return wallet(agent)
        .orElseThrow(() -> new IllegalArgumentException("no wallet of agent " + agent));
  }

  /** Returns the agents in the order in which they were provisioned. */
  Collection<String> agents() {
    try {
      return turn.agentsWith(WalletState.TERMS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
