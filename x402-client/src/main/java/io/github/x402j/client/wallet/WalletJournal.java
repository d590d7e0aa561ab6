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
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One wallet's part of the journal: its terms, its state, and what the chain shows of its payments.
 * Safe for use by several threads. The methods throw {@link UncheckedIOException} if the journal
 * cannot be read or written.
 */
final class WalletJournal {
  private final String agent;
  private final SpendJournal journal;
  private final Clock clock;

  WalletJournal(String agent, SpendJournal journal, Clock clock) {
    this.agent = agent;
    this.journal = journal;
    this.clock = clock;
  }

  /**
   * Writes the terms, unless the wallet has them already.
   *
   * @param by who provisions, for the journal; null for no name
   * @throws IllegalStateException if the wallet is for another account
   */
  void provision(WalletTerms terms, @Nullable String by) {
    boolean changed = decide((all, entries) -> provision(terms, by, all, entries));
    if (changed) { // a new wallet need not be on the disk before its first payment is
      try {
        journal.makeDurable();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private boolean provision(
      WalletTerms given, @Nullable String by, JournalState all, List<JournalEntry.Draft> entries) {
    Optional<WalletTerms> known = all.wallet(agent).map(WalletState::terms);
    WalletTerms terms = given.withPolicyAfter(known.orElse(null));
    if (known.isPresent() && !known.get().address().equals(terms.address())) {
      throw new IllegalStateException(
          "agent " + agent + ": its wallet is for another account, " + known.get().address());
    }
    if (known.isPresent() && known.get().equals(terms)) {
      return false;
    }
    Map<String, String> details = terms.details();
    if (by != null) {
      details.put("by", by);
    }
    entries.add(draft(JournalEntry.Event.PROVISIONED, "-", details));
    return known.isPresent();
  }

  /** Returns what the reader takes from the current state. */
  <R> R read(Function<WalletState, R> reader) {
    return decide((all, entries) -> reader.apply(all.need(agent)));
  }

  /** Revokes the wallet. */
  void revoke(String reason, @Nullable String by) {
    try {
      journal.revoke(agent, reason, by, clock.instant());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets a revoked wallet sign again. */
  void reinstate(String reason, @Nullable String by) {
    try {
      journal.reinstate(agent, reason, by, clock.instant());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads from the chain what became of the payer's payments that expired without a known outcome,
   * and frees the amounts of those that were not settled. Returns the sum that was freed.
   */
  Dollars reconcile(Address payer, Chain chain) throws FacilitatorException {
    Network network = new Network(chain.chainId());
    // The newest block's time, read before the state: what has expired by then can no longer be
    // used.
    Instant now = chain.head().time();
    Dollars freed = Dollars.ZERO;
    for (BookedPayment reservation : expired(network, now)) {
      boolean used =
          OnChainToken.authorizationUsed(chain, reservation.token(), payer, reservation.nonce());
      if (close(reservation, used) && !used) {
        freed = freed.plus(reservation.price());
      }
    }
    return freed;
  }

  private List<BookedPayment> expired(Network network, Instant now) {
    return read(
        state ->
            state.openReservations().stream()
                .filter(reservation -> reservation.network().equals(network))
                .filter(reservation -> !now.isBefore(reservation.validBefore()))
                .toList());
  }

  /** Writes the outcome. Returns false if another writer was faster. */
  private boolean close(BookedPayment reservation, boolean used) {
    JournalEntry.Event outcome = used ? JournalEntry.Event.SETTLED : JournalEntry.Event.RETURNED;
    String reason = used ? "used on chain" : "expired unused on chain";
    Map<String, String> details = Map.of("nonce", reservation.nonce(), "reason", reason);
    return decide(
        (all, entries) -> {
          boolean open = all.need(agent).openReservation(reservation.nonce()).isPresent();
          if (open) {
            entries.add(draft(outcome, reservation.requestId(), details));
          }
          return open;
        });
  }

  private JournalEntry.Draft draft(
      JournalEntry.Event event, String requestId, Map<String, String> details) {
    return new JournalEntry.Draft(clock.instant(), event, agent, requestId, details);
  }

  private <R> R decide(SpendJournal.Decision<R> decision) {
    try {
      return journal.decide(decision);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
