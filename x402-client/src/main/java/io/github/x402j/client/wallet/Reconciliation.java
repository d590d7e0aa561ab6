// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

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

/** Reads from the chain what became of payments whose outcome is unknown. */
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
    // The newest block's time, read before the state: what has expired by then can no longer be
    // used.
    Instant now = chain.head().time();
    Dollars freed = Dollars.ZERO;
    for (Reservation reservation : expired(network, now)) {
      boolean used =
          OnChainToken.authorizationUsed(chain, reservation.token(), payer, reservation.nonce());
      if (close(reservation, used) && !used) {
        freed = freed.plus(reservation.dollars());
      }
    }
    return freed;
  }

  private List<Reservation> expired(Network network, Instant now) {
    return decide(
        (all, entries) ->
            all.need(agent).openReservations().stream()
                .filter(reservation -> reservation.network().equals(network))
                .filter(reservation -> !now.isBefore(reservation.validBefore()))
                .toList());
  }

  private boolean close(Reservation reservation, boolean used) {
    return decide(
        (all, entries) -> {
          boolean open = all.need(agent).openReservation(reservation.nonce()).isPresent();
          if (open) {
            entries.add(
                new JournalEntry.Draft(
                    clock.instant(),
                    used ? JournalEntry.Event.SETTLED : JournalEntry.Event.RETURNED,
                    agent,
                    reservation.requestId(),
                    Map.of(
                        "nonce",
                        reservation.nonce(),
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
