// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.TokenAmount;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.State;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.testing.MutableClock;
import io.github.x402j.testing.contract.SalesBookContract;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the book does on every database: alone, beside the ledger, and after a restart. */
abstract class JdbcSalesBookContract extends SalesBookContract {
  private final List<AutoCloseable> open = new ArrayList<>();
  final TestDatabase database = database();

  /** Returns the database of this test, empty at first. */
  abstract TestDatabase database();

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcPaymentLedger.createTables(database.dataSource());
    JdbcSalesBook.createTables(database.dataSource());
    JdbcSalesBook.createTables(database.dataSource()); // leaves a table that is there
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    database.drop();
  }

  @Override
  public JdbcSalesBook emptyBook() {
    return opened(JdbcSalesBook.open(database.dataSource()));
  }

  @Override
  public PaymentLedger emptyLedger() {
    return opened(JdbcPaymentLedger.open(database.dataSource()));
  }

  private <T extends AutoCloseable> T opened(T store) {
    open.add(store);
    return store;
  }

  private static List<Entry> all(SalesBook book) {
    List<Entry> entries = new ArrayList<>();
    book.forEach(Filter.all(), entries::add);
    return entries;
  }

  private static Instant later() {
    return Instant.now().plusSeconds(600);
  }

  @Test
  void isOneBookForSeveralServersAndAfterARestart() {
    SalesBook one = emptyBook();
    SalesBook other = emptyBook();
    one.write(sent(1));
    other.write(sale(2));
    assertThat(all(one)).containsExactly(sent(1), sale(2)).isEqualTo(all(emptyBook()));
    Instant due = Instant.parse("2027-01-01T00:00:00Z");
    assertThat(one.takeDue(due, due.plusSeconds(60), 10)).hasSize(1);
    assertThat(other.takeDue(due, due.plusSeconds(60), 10)).isEmpty();
  }

  @Test
  void writesNothingWhereTheLedgerDoesNotRecordTheTransaction() {
    SalesBook book = emptyBook();
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /odd", later());
    ledger.suspend(key(1));
    assertThatThrownBy(() -> book.settling(sent(1), ledger, key(1)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(all(book)).isEmpty();
  }

  @Test
  void recordsNoTransactionInTheLedgerWhereTheSaleCannotBeWritten() throws SQLException {
    SalesBook book = emptyBook();
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /odd", later());
    database.execute("DROP TABLE x402_sale");
    assertThatThrownBy(() -> book.settling(sent(1), ledger, key(1)))
        .isInstanceOf(LedgerException.class);
    assertThat(ledger.find(key(1))).contains(new PaymentLedger.Entry(State.HELD, List.of()));
  }

  @Test
  void recordsTheDeliveryInTheLedgerThoughTheSaleCannotBeWritten() throws SQLException {
    SalesBook book = emptyBook();
    PaymentLedger ledger = emptyLedger();
    ledger.claim(key(1), "GET /odd", later());
    book.settling(sent(1), ledger, key(1));
    database.execute("DROP TABLE x402_sale");
    assertThat(book.delivered(sale(1), ledger, key(1))).isFalse();
    assertThat(ledger.find(key(1))).map(PaymentLedger.Entry::state).contains(State.DELIVERED);
  }

  @Test
  void worksBesideALedgerThatIsSomewhereElse() {
    SalesBook book = emptyBook();
    PaymentLedger ledger = InMemoryPaymentLedger.create();
    ledger.claim(key(1), "GET /odd", later());
    book.settling(sent(1), ledger, key(1));
    assertThat(all(book)).containsExactly(sent(1));
    assertThat(book.delivered(sale(1), ledger, key(1))).isTrue();
    assertThat(all(book)).containsExactly(sale(1));
  }

  @Test
  void writesUsesOfPassesByItself() throws Exception {
    JdbcSalesBook book = emptyBook();
    Entry use = pass();
    book.write(use);
    book.close();
    assertThat(database.count("x402_sale")).isEqualTo(1);
    book.write(sale(2)); // late, from a request that is still running
    assertThat(all(book)).containsExactly(use, sale(2));
  }

  private static Entry pass() {
    Entry sale = sale(1);
    return new Entry(
        "use-1",
        sale.time(),
        sale.state(),
        sale.route(),
        sale.payer(),
        sale.payTo(),
        sale.currency(),
        TokenAmount.of(0),
        sale.transaction(),
        "receipt-1",
        null,
        null);
  }

  @Test
  void deletesWhatIsOlderThanItsRetentionAndNothingOpen() {
    MutableClock clock = new MutableClock(sale(10).time().plus(Duration.ofDays(30)));
    SalesBook book = emptyBook();
    for (int number = 0; number < 20; number++) {
      book.write(number == 3 ? sent(number) : sale(number));
    }
    JdbcSalesBook old =
        opened(
            JdbcSalesBook.builder(database.dataSource())
                .retention(Duration.ofDays(30))
                .clock(clock)
                .open());
    old.deleteExpired();
    assertThat(all(book)).hasSize(11).startsWith(sent(3), sale(10), sale(11));
  }

  @Test
  void saysWhatToRunWhereTheTableIsMissing() throws SQLException {
    database.execute("DROP TABLE x402_sale");
    assertThatThrownBy(this::emptyBook)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the sales book's database: missing")
        .hasMessageContaining("x402_sale")
        .hasMessageContaining("x402-sales.sql")
        .hasMessageEndingWith("or call JdbcSalesBook.createTables(dataSource) once");
  }

  @Test
  void keepsForADayAtLeast() {
    assertThatThrownBy(
            () -> JdbcSalesBook.builder(database.dataSource()).retention(Duration.ofHours(23)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("retention: expected at least 1 day");
  }
}
