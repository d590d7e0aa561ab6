// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.client.wallet.WalletState.Reservation;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The amount that one agent spent at one host on one day. Immutable.
 *
 * @param agent the wallet's agent
 * @param host the host that was paid
 * @param day in UTC, of the time when the payments were allowed
 * @param spent reserved amounts included, returned ones not
 * @param payments the number of those payments
 */
public record DailySpend(String agent, String host, LocalDate day, Dollars spent, long payments) {

  /** Adds up what entries say was spent. Not safe for use by several threads. */
  static final class Totals {
    private record Key(String agent, String host, LocalDate day) {}

    private final Map<Key, DailySpend> spends = new HashMap<>();
    private final Map<String, Reservation> open = new HashMap<>();

    void add(JournalEntry entry) {
      String nonce = entry.agent() + " " + entry.detail("nonce").orElse("");
      switch (entry.event()) {
        case ALLOWED -> {
          Reservation reservation = new Reservation(entry);
          open.put(nonce, reservation);
          count(entry.agent(), reservation, 1);
        }
        case SETTLED -> open.remove(nonce);
        case RETURNED -> {
          Reservation reservation = open.remove(nonce);
          if (reservation != null) {
            count(entry.agent(), reservation, -1);
          }
        }
        default -> {}
      }
    }

    List<DailySpend> list() {
      return spends.values().stream()
          .filter(spend -> spend.payments() > 0)
          .sorted(
              Comparator.comparing(DailySpend::agent)
                  .thenComparing(DailySpend::host)
                  .thenComparing(DailySpend::day))
          .toList();
    }

    private void count(String agent, Reservation reservation, int payments) {
      Key key = new Key(agent, reservation.host(), BillingPeriod.DAY.firstDay(reservation.time()));
      DailySpend before =
          spends.getOrDefault(
              key, new DailySpend(key.agent(), key.host(), key.day(), Dollars.ZERO, 0));
      Dollars spent =
          payments > 0
              ? before.spent().plus(reservation.dollars())
              : before.spent().minus(reservation.dollars());
      spends.put(
          key,
          new DailySpend(key.agent(), key.host(), key.day(), spent, before.payments() + payments));
    }
  }
}
