// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.PaymentKey;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.jdbc.GroupWrites.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A sales book in a database: it survives restarts, and any number of servers can share it.
 *
 * <pre>{@code
 * JdbcPaymentLedger ledger = JdbcPaymentLedger.open(dataSource);
 * JdbcSalesBook sales = JdbcSalesBook.open(dataSource);
 * PaymentFilter.builder().ledger(ledger).salesBook(sales)...
 * }</pre>
 *
 * <p>The database needs the table of {@code x402-sales.sql}, which is beside this class in the jar.
 * With the same {@code DataSource} object as the ledger's, a transaction hash and a delivery are
 * written to both in one database transaction. A sale whose money may move is written before its
 * transaction is broadcast, so {@code kill -9} does not lose it. Uses of passes, which move no
 * money, are written once a second; a process that is killed loses those of its last second.
 *
 * <p>While the outcome of a sale is not known, its row holds the payer's signed authorization. It
 * names the recipient and the amount, and is public on the chain once it is sent. No export shows
 * it.
 *
 * <p>Safe for use by several threads. Close it when the webapp ends; the data source stays open.
 */
public final class JdbcSalesBook implements SalesBook, AutoCloseable {
  private static final String NAME = "the sales book";
  private static final SchemaScript SCRIPT =
      new SchemaScript(
          "x402-sales.sql",
          NAME,
          "JdbcSalesBook.createTables(dataSource)",
          Map.of("x402_sale", SaleRows.COLUMNS));

  private static final Duration BETWEEN_WRITES = Duration.ofSeconds(1);
  private static final Duration BETWEEN_CLEANUPS = Duration.ofMinutes(1);

  /** Beyond it each use of a pass is written at once. */
  private static final int MAX_WAITING = 10_000;

  /** How many rows one transaction inserts or deletes. */
  private static final int STEP = 500;

  /** At most this many steps follow one another, so that the database has time for others. */
  private static final int MAX_STEPS = 100;

  private final DataSource dataSource;
  private final Database database;
  private final SaleRows rows;
  private final Clock clock;
  private final @Nullable Duration retention;
  private final BlockingQueue<Entry> passes = new ArrayBlockingQueue<>(MAX_WAITING);
  private final Chores chores = new Chores("x402-sales", NAME);
  private volatile boolean closed;

  private JdbcSalesBook(Builder builder) {
    dataSource = builder.dataSource;
    clock = builder.clock;
    retention = builder.retention;
    try {
      database = Database.at(NAME, dataSource, JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    } catch (SQLException e) {
      throw Database.failure(NAME, "connecting", e);
    }
    SCRIPT.require(dataSource);
    rows = new SaleRows(database);
    chores.repeat("writing uses of passes", this::writePasses, BETWEEN_WRITES);
    if (retention != null) {
      chores.repeat("deleting old sales", this::deleteExpired, BETWEEN_CLEANUPS);
    }
  }

  /**
   * Returns the book in this database, which keeps its entries for ever.
   *
   * @param dataSource gives connections, from a pool
   * @throws IllegalStateException if the database does not answer, or its table is not there or not
   *     as it has to be
   */
  public static JdbcSalesBook open(DataSource dataSource) {
    return builder(dataSource).open();
  }

  /** Returns a builder for a book in this database. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  /**
   * Makes the table if it is missing.
   *
   * @throws SQLException if the database does not let it
   */
  public static void createTables(DataSource dataSource) throws SQLException {
    SCRIPT.create(dataSource);
  }

  // ---- writing

  @Override
  public boolean write(Entry entry) {
    if (entry.pass() != null && !closed && passes.offer(entry)) {
      return true;
    }
    return database.run(
        "writing a sale",
        connection ->
            entry.state() == State.SENT // which mostly is new
                ? rows.insert(connection, entry) || rows.update(connection, entry)
                : rows.update(connection, entry) || rows.insert(connection, entry));
  }

  /** A sale's row beside its payment's. It mostly is new while it is {@code SENT}. */
  private final class Sale implements JdbcPaymentLedger.Beside {
    private final List<Statement> statements;

    Sale(Entry entry) {
      Statement insert = rows.inserting(entry);
      Statement update = rows.updating(entry);
      statements = entry.state() == State.SENT ? List.of(insert, update) : List.of(update, insert);
    }

    @Override
    public List<Statement> statements() {
      return statements;
    }

    @Override
    public boolean write(Connection connection) throws SQLException {
      for (Statement each : statements) {
        if (rows.make(connection, each)) {
          return true;
        }
      }
      throw new LedgerException("the sales book has this sale as settled");
    }
  }

  @Override
  public void settling(Entry entry, PaymentLedger ledger, PaymentKey key) {
    if (beside(ledger) == null) {
      SalesBook.super.settling(entry, ledger, key);
    } else {
      JdbcPaymentLedger.thrown(settling(Map.of(key, entry), ledger).get(key));
    }
  }

  @Override
  public Map<PaymentKey, RuntimeException> settling(
      Map<PaymentKey, Entry> entries, PaymentLedger ledger) {
    JdbcPaymentLedger beside = beside(ledger);
    if (beside == null) {
      return SalesBook.super.settling(entries, ledger);
    }
    Map<PaymentKey, String> transactions = new LinkedHashMap<>();
    Map<PaymentKey, Sale> sales = new LinkedHashMap<>();
    entries.forEach(
        (key, entry) -> {
          transactions.put(key, Objects.requireNonNull(entry.transaction(), "transaction"));
          sales.put(key, new Sale(entry));
        });
    return beside.settling(transactions, sales);
  }

  @Override
  public boolean delivered(Entry entry, PaymentLedger ledger, PaymentKey key) {
    JdbcPaymentLedger beside = beside(ledger);
    return beside == null
        ? SalesBook.super.delivered(entry, ledger, key)
        : beside.delivered(key, new Sale(entry));
  }

  /** Returns the ledger if it is in the database of this book, otherwise null. */
  private @Nullable JdbcPaymentLedger beside(PaymentLedger ledger) {
    return ledger instanceof JdbcPaymentLedger jdbc && jdbc.isIn(dataSource) ? jdbc : null;
  }

  @Override
  public boolean conclude(Entry entry) {
    return database.run("writing a sale", connection -> rows.conclude(connection, entry));
  }

  @Override
  public boolean withdraw(String id) {
    return database.run("deleting a sale", connection -> rows.withdraw(connection, id));
  }

  // ---- reading

  @Override
  public List<Entry> takeDue(Instant now, Instant next, int max) {
    return closed
        ? List.of()
        : database.run(
            "looking for open sales", connection -> rows.takeDue(connection, now, next, max));
  }

  @Override
  public void forEach(Filter filter, Consumer<Entry> reader) {
    read(
        connection -> {
          rows.forEach(connection, filter, reader);
          return true;
        });
  }

  @Override
  public List<Total> totals(Filter filter, GroupBy groups) {
    return read(connection -> rows.totals(connection, filter, groups));
  }

  /**
   * Reads in a transaction: some drivers read all rows at once otherwise. Does not begin again
   * where the database broke off: a reader must not see an entry twice.
   */
  private <T> T read(Database.Work<T> work) {
    writePasses();
    try (Database.Lent lent = database.lend(false)) {
      T read = work.with(lent.connection());
      lent.commit();
      return read;
    } catch (SQLException e) {
      throw Database.failure(NAME, "reading sales", e);
    }
  }

  // ---- chores

  private synchronized void writePasses() {
    while (!passes.isEmpty()) {
      List<Entry> step = new ArrayList<>();
      passes.drainTo(step, STEP);
      try {
        database.transaction(
            "writing uses of passes",
            connection -> {
              rows.insertAll(connection, step);
              return true;
            });
      } catch (LedgerException e) {
        passes.addAll(step.subList(0, Math.min(step.size(), passes.remainingCapacity())));
        throw e;
      }
    }
  }

  void deleteExpired() {
    Instant before = clock.instant().minus(Objects.requireNonNull(retention));
    int steps = 1;
    while (deleteBefore(before) == STEP && steps < MAX_STEPS) {
      steps++;
    }
  }

  private int deleteBefore(Instant time) {
    return database.transaction(
        "deleting sales", connection -> rows.deleteBefore(connection, time, STEP));
  }

  /** Writes what waits to be written. */
  @Override
  public void close() {
    closed = true;
    chores.stop();
    writePasses();
  }

  @Override
  public String toString() {
    return "JdbcSalesBook[retention=" + (retention == null ? "for ever" : retention) + "]";
  }

  /** Collects what a book needs. Not safe for use by several threads. */
  public static final class Builder {
    private static final Duration SHORTEST_RETENTION = Duration.ofDays(1);

    private final DataSource dataSource;
    private @Nullable Duration retention;
    private Clock clock = Clock.systemUTC();

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /**
     * Sets how long entries are kept; older ones are deleted within minutes, except those whose
     * outcome is not known. At least a day. Default: for ever.
     */
    public Builder retention(Duration newRetention) {
      if (newRetention.compareTo(SHORTEST_RETENTION) < 0) {
        throw new IllegalArgumentException(
            "retention: expected at least 1 day, found " + newRetention);
      }
      retention = newRetention;
      return this;
    }

    /** Reads the time from this clock instead of the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Returns the book.
     *
     * @throws IllegalStateException if the database does not answer, or its table is not there or
     *     not as it has to be
     */
    public JdbcSalesBook open() {
      return new JdbcSalesBook(this);
    }
  }
}
