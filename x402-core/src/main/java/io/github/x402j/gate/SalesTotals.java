// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.TokenAmount;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.GroupBy;
import io.github.x402j.gate.SalesBook.State;
import io.github.x402j.gate.SalesBook.Total;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds up sales by group and token, for implementations of {@link SalesBook}. Not safe for use by
 * several threads.
 */
public final class SalesTotals {
  private record Key(String group, Network network, Address asset) {}

  private final Map<Key, Sum> sums = new HashMap<>();

  /** Begins with nothing. */
  public SalesTotals() {}

  /**
   * Adds sales that are alike.
   *
   * @param group the day, the route or the payer
   * @param isPass whether they are uses of a pass
   * @param amount what each of them cost
   * @param count how many there are
   */
  public void add(
      String group,
      Currency currency,
      State state,
      boolean isPass,
      TokenAmount amount,
      long count) {
    sums.computeIfAbsent(
            new Key(group, currency.network(), currency.asset()), key -> new Sum(currency))
        .add(state, isPass, amount, count);
  }

  void add(Entry entry, GroupBy groups) {
    add(
        group(entry, groups),
        entry.currency(),
        entry.state(),
        entry.pass() != null,
        entry.amount(),
        1);
  }

  /** Returns the name of a day in the totals. */
  public static String day(Instant time) {
    return LocalDate.ofInstant(time, ZoneOffset.UTC).toString();
  }

  private static String group(Entry entry, GroupBy groups) {
    return switch (groups) {
      case DAY -> day(entry.time());
      case ROUTE -> entry.route();
      case PAYER -> entry.payer().text();
    };
  }

  /** Returns the totals in the order of the groups. */
  public List<Total> list() {
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

    void add(State state, boolean isPass, TokenAmount each, long count) {
      switch (state) {
        case SENT -> open += count;
        case FAILED -> failed += count;
        case SETTLED -> {
          undelivered += count;
          addSales(each, count);
        }
        case DELIVERED -> {
          if (isPass) {
            passes += count;
          } else {
            addSales(each, count);
          }
        }
      }
    }

    private void addSales(TokenAmount each, long count) {
      sales += count;
      amount = amount.add(each.atomicUnits().multiply(BigInteger.valueOf(count)));
    }

    Total total(String group) {
      return new Total(group, currency, amount, sales, undelivered, passes, open, failed);
    }
  }
}
