// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What the journal says of all wallets. Guarded by the lock of the journal. */
final class JournalState {
  private final Map<String, WalletState> wallets = new LinkedHashMap<>();

  private long lastSequence;

  /**
   * Adds the entry that comes next.
   *
   * @throws IllegalArgumentException if it is another one, or lacks a detail
   */
  void apply(JournalEntry entry) {
    if (entry.sequence() != lastSequence + 1) {
      throw new IllegalArgumentException(
          "entry: expected number " + (lastSequence + 1) + ", found " + entry.sequence());
    }
    WalletState wallet = wallets.get(entry.agent());
    if (wallet != null) {
      wallet.apply(entry);
    } else if (entry.event() == JournalEntry.Event.PROVISIONED) {
      wallets.put(entry.agent(), new WalletState(WalletTerms.of(entry)));
    }
    lastSequence = entry.sequence(); // last, so that an entry that fails is never passed over
  }

  Optional<WalletState> wallet(String agent) {
    return Optional.ofNullable(wallets.get(agent));
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

  /** Returns the number of the last entry, 0 before the first. */
  long lastSequence() {
    return lastSequence;
  }

  /** Returns the agents in the order in which they were provisioned. */
  Collection<String> agents() {
    return wallets.keySet();
  }
}
