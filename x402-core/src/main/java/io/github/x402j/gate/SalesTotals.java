// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.GroupBy;
import io.github.x402j.gate.SalesBook.Total;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Adds up entries by group and token. Not safe for use by several threads. */
final class SalesTotals {
  private record Key(String group, Network network, Address asset) {}

  private final GroupBy groups;
  private final Map<Key, Sum> sums = new HashMap<>();

  SalesTotals(GroupBy groups) {
    this.groups = groups;
  }

  void add(Entry entry) {
    Currency currency = entry.currency();
    sums.computeIfAbsent(
            new Key(group(entry), currency.network(), currency.asset()), key -> new Sum(currency))
        .add(entry);
  }

  private String group(Entry entry) {
    return switch (groups) {
      case DAY -> LocalDate.ofInstant(entry.time(), ZoneOffset.UTC).toString();
      case ROUTE -> entry.route();
      case PAYER -> entry.payer().text();
    };
  }

  List<Total> list() {
    return sums.entrySet().stream()
        .map(sum -> sum.getValue().total(sum.getKey().group()))
        .sorted(
            Comparator.comparing(Total::group)
                .thenComparing(total -> total.currency().network().chainId())
                .thenComparing(total -> total.currency().asset().text()))
        .toList();
  }

  private static final class Sum {
    private final Currency currency;
    private BigInteger amount = BigInteger.ZERO;
    private long sales;
    private long undelivered;
    private long passes;
    private long open;
    private long failed;

    Sum(Currency currency) {
      this.currency = currency;
    }

    void add(Entry entry) {
      switch (entry.state()) {
        case SENT -> open++;
        case FAILED -> failed++;
        case SETTLED -> {
          undelivered++;
          addSale(entry);
        }
        case DELIVERED -> {
          if (entry.pass() == null) {
            addSale(entry);
          } else {
            passes++;
          }
        }
      }
    }

    private void addSale(Entry entry) {
      sales++;
      amount = amount.add(entry.amount().atomicUnits());
    }

    Total total(String group) {
      return new Total(group, currency, amount, sales, undelivered, passes, open, failed);
    }
  }
}
