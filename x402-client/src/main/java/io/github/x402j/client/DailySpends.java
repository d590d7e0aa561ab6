// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.LocalDate;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds up what entries say was spent. */
final class DailySpends {
  private record Key(String agent, String host, LocalDate day) {}

  private final Map<Key, DailySpend> spends = new HashMap<>();
  private final Map<String, Charge> open = new HashMap<>();

  void add(JournalEntry entry) {
    String nonce = entry.agent() + " " + entry.detail("nonce").orElse("");
    switch (entry.event()) {
      case ALLOWED -> {
        Charge charge = new Charge(entry);
        open.put(nonce, charge);
        count(entry.agent(), charge, 1);
      }
      case SETTLED -> open.remove(nonce);
      case RETURNED -> {
        Charge charge = open.remove(nonce);
        if (charge != null) {
          count(entry.agent(), charge, -1);
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

  private void count(String agent, Charge charge, int payments) {
    Key key = new Key(agent, charge.host(), BillingPeriod.DAY.firstDay(charge.time()));
    DailySpend before =
        spends.getOrDefault(
            key, new DailySpend(key.agent(), key.host(), key.day(), Dollars.ZERO, 0));
    Dollars spent =
        payments > 0
            ? before.spent().plus(charge.dollars())
            : before.spent().minus(charge.dollars());
    spends.put(
        key,
        new DailySpend(key.agent(), key.host(), key.day(), spent, before.payments() + payments));
  }
}
