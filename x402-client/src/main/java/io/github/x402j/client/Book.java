// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What the journal says of all wallets. Guarded by the lock of the journal. */
final class Book {
  private final Map<String, WalletBook> wallets = new LinkedHashMap<>();

  void apply(JournalEntry entry) {
    WalletBook wallet = wallets.get(entry.agent());
    if (wallet != null) {
      wallet.apply(entry);
    } else if (entry.event() == JournalEntry.Event.PROVISIONED) {
      wallets.put(entry.agent(), new WalletBook(Terms.of(entry)));
    }
  }

  Optional<WalletBook> wallet(String agent) {
    return Optional.ofNullable(wallets.get(agent));
  }

  /** Returns the wallet of an agent that was provisioned. */
  WalletBook need(String agent) {
    return wallet(agent)
        .orElseThrow(() -> new IllegalArgumentException("no wallet of agent " + agent));
  }

  Collection<String> agents() {
    return wallets.keySet();
  }
}
