// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Network;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.OnChainToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Reads from the chain what became of payments whose outcome nobody knows. */
final class Reconciliation {
  private final String agent;
  private final Address payer;
  private final SpendJournal journal;
  private final Clock clock;

  Reconciliation(String agent, Address payer, SpendJournal journal, Clock clock) {
    this.agent = agent;
    this.payer = payer;
    this.journal = journal;
    this.clock = clock;
  }

  Dollars on(Chain chain) throws FacilitatorException {
    Network network = new Network(chain.chainId());
    // The newest block's time, read before the state: at this time nobody can use what has expired.
    Instant now = chain.head().time();
    Dollars freed = Dollars.ZERO;
    for (Charge charge : expired(network, now)) {
      boolean used = OnChainToken.authorizationUsed(chain, charge.token(), payer, charge.nonce());
      if (close(charge, used) && !used) {
        freed = freed.plus(charge.dollars());
      }
    }
    return freed;
  }

  private List<Charge> expired(Network network, Instant now) {
    return decide(
        (book, entries) ->
            book.need(agent).openCharges().stream()
                .filter(charge -> charge.network().equals(network))
                .filter(charge -> !now.isBefore(charge.validBefore()))
                .toList());
  }

  private boolean close(Charge charge, boolean used) {
    return decide(
        (book, entries) -> {
          boolean open = book.need(agent).openCharge(charge.nonce()).isPresent();
          if (open) {
            entries.add(
                new JournalEntry.Draft(
                    clock.instant(),
                    used ? JournalEntry.Event.SETTLED : JournalEntry.Event.RETURNED,
                    agent,
                    charge.requestId(),
                    Map.of(
                        "nonce",
                        charge.nonce(),
                        "reason",
                        used ? "used on chain" : "expired unused on chain")));
          }
          return open;
        });
  }

  private <R> R decide(SpendJournal.Decision<R> decision) {
    try {
      return journal.decide(decision);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
