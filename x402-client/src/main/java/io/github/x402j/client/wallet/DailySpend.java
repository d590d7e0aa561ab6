// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

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
  static final Comparator<DailySpend> ORDER =
      Comparator.comparing(DailySpend::agent)
          .thenComparing(DailySpend::host)
          .thenComparing(DailySpend::day);

  /** Adds up single payments. Not safe for use by several threads. */
  static final class Totals {
    private record Key(String agent, String host, LocalDate day) {}

    private final Map<Key, DailySpend> spends = new HashMap<>();

    void add(BookedPayment payment) {
      if (payment.state() == JournalEntry.Event.RETURNED) {
        return;
      }
      LocalDate day = BillingPeriod.DAY.firstDay(payment.time());
      spends.merge(
          new Key(payment.agent(), payment.host(), day),
          new DailySpend(payment.agent(), payment.host(), day, payment.price(), 1),
          (one, other) ->
              new DailySpend(
                  one.agent(),
                  one.host(),
                  day,
                  one.spent().plus(other.spent()),
                  one.payments() + 1));
    }

    List<DailySpend> list() {
      return spends.values().stream().sorted(ORDER).toList();
    }
  }
}
