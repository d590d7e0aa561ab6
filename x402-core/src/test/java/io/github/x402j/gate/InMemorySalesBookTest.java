// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Offers;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.gate.SalesBook.State;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is its own; {@code SalesBookContract} runs on it in x402-testing. */
class InMemorySalesBookTest {
  private static Entry sale(int number) {
    return new Entry(
        "sale-" + number,
        Instant.ofEpochSecond(number),
        State.DELIVERED,
        "GET /premium",
        Offers.PAYER,
        Offers.BASE.payTo(),
        SalesBook.Currency.of(Offers.BASE, null),
        Offers.BASE.amount(),
        null,
        null,
        null,
        null);
  }

  private static Entry named(String route) {
    Entry sale = sale(1);
    return new Entry(
        sale.id(),
        sale.time(),
        sale.state(),
        route,
        sale.payer(),
        sale.payTo(),
        sale.currency(),
        sale.amount(),
        null,
        null,
        null,
        null);
  }

  private static List<String> ids(SalesBook book) {
    List<String> ids = new ArrayList<>();
    book.forEach(Filter.all(), entry -> ids.add(entry.id()));
    return ids;
  }

  @Test
  void dropsTheOldestBeyondItsCapacityAndWarnsOnce() {
    InMemorySalesBook book = InMemorySalesBook.withCapacity(2);
    String log =
        logOf(
            () -> {
              for (int i = 1; i <= 5; i++) {
                book.write(sale(i));
              }
            });
    assertThat(ids(book)).containsExactly("sale-4", "sale-5");
    assertThat(log).containsOnlyOnce("the sales book in memory is full").contains("JdbcSalesBook");
  }

  @Test
  void makesNoRoomForAnEntryThatItHas() {
    InMemorySalesBook book = InMemorySalesBook.withCapacity(2);
    book.write(sale(1));
    book.write(sale(2));
    book.write(sale(1));
    assertThat(ids(book)).containsExactly("sale-1", "sale-2");
  }

  @Test
  void needsRoomForOne() {
    assertThatThrownBy(() -> InMemorySalesBook.withCapacity(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("capacity: expected at least 1, found 0");
  }

  @Test
  void stopsWhereTheExportCannotBeWritten() {
    InMemorySalesBook book = InMemorySalesBook.create();
    book.write(sale(1));
    Appendable full =
        (Appendable)
            Proxy.newProxyInstance(
                Appendable.class.getClassLoader(),
                new Class<?>[] {Appendable.class},
                (proxy, method, arguments) -> {
                  throw new IOException("no space left");
                });
    assertThatThrownBy(() -> book.writeJsonLines(Filter.all(), full))
        .isInstanceOf(IOException.class)
        .hasMessage("no space left");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /a | GET /a",
        "a\u0000b\tc | a?b?c",
        "\ud800x | ?x",
        "x\udc00 | x?",
        "\ud83d\ude00 | \ud83d\ude00"
      })
  void keepsTextThatEveryDatabaseTakes(String route, String stored) {
    assertThat(named(route).route()).isEqualTo(stored);
  }

  @Test
  void cutsATextThatIsTooLongBetweenCharacters() {
    assertThat(named("x".repeat(600)).route()).hasSize(512);
    assertThat(named("x" + "\ud83d\ude00".repeat(300)).route())
        .isEqualTo("x" + "\ud83d\ude00".repeat(255));
  }

  private static String logOf(Runnable work) {
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true));
    try {
      work.run();
    } finally {
      System.setErr(before);
    }
    return log.toString();
  }
}
