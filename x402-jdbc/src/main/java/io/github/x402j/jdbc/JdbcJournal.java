// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.client.wallet.BookedPayment;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.JournalStorage;
import io.github.x402j.client.wallet.SpendFilter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The journal of wallets in a database, which any number of processes share.
 *
 * <pre>{@code
 * SpendJournal journal = SpendJournal.on(JdbcJournal.open(dataSource));
 * }</pre>
 *
 * <p>Entries are in the table {@code x402_journal_entry}. What follows from them is in {@code
 * x402_journal_payment}, one row for each payment, in {@code x402_journal_sum} and in {@code
 * x402_journal_note}. Times are nanoseconds since 1970. The row of {@code x402_journal_lock} is
 * what processes lock. Needs {@code x402-client} on the class path.
 */
public final class JdbcJournal implements JournalStorage {
  private static final String ENTRIES =
      "SELECT seq, written_at, event, agent, request_id, details, checksum"
          + " FROM x402_journal_entry WHERE seq > ? AND seq <= ? ORDER BY seq";

  /** How many entries are read at a time: drivers keep all rows of a query in memory. */
  private static final int ENTRIES_AT_A_TIME = 5000;

  private final JournalAccess access;

  JdbcJournal(JournalAccess access) {
    this.access = access;
  }

  /**
   * Returns the storage in this database. Missing tables are created. Closing it leaves the data
   * source open.
   *
   * @param dataSource gives connections on which a transaction can lock a row by an {@code UPDATE}
   * @throws IOException if the database cannot be used
   */
  public static JdbcJournal open(DataSource dataSource) throws IOException {
    try {
      PooledAccess access = new PooledAccess(dataSource);
      try (Connection connection = dataSource.getConnection()) {
        boolean autoCommit = connection.getAutoCommit();
        connection.setAutoCommit(true);
        try {
          JournalTables.create(connection);
        } finally {
          connection.setAutoCommit(autoCommit);
        }
      }
      return new JdbcJournal(access);
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be used", e);
    }
  }

  @Override
  public Turn begin() throws IOException {
    try {
      return new JournalTurn(access.hold());
    } catch (SQLException e) {
      throw new IOException("journal: the database lock cannot be had", e);
    }
  }

  @Override
  public void makeDurable() throws IOException {
    access.makeDurable();
  }

  @Override
  public void forEachEntry(long after, EntryReader reader) throws IOException {
    try (Connection connection = access.reading();
        PreparedStatement statement = connection.prepareStatement(ENTRIES)) {
      long until = last(connection);
      for (long from = after; from < until; from += ENTRIES_AT_A_TIME) {
        statement.setLong(1, from);
        statement.setLong(2, Math.min(until, from + ENTRIES_AT_A_TIME));
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            reader.read(entry(rows), rows.getString(7));
          }
        }
      }
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be read", e);
    }
  }

  private static JournalEntry entry(ResultSet row) throws SQLException, IOException {
    try {
      return JournalTables.entry(row);
    } catch (IllegalArgumentException e) {
      throw new IOException("journal: entry " + row.getLong(1) + " is damaged", e);
    }
  }

  private static long last(Connection connection) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement("SELECT MAX(seq) FROM x402_journal_entry");
        ResultSet row = statement.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  @Override
  public void forEachPayment(SpendFilter filter, Consumer<BookedPayment> reader)
      throws IOException {
    Map<String, String> conditions = conditions(filter);
    String where =
        conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions.keySet());
    String sql =
        "SELECT "
            + JournalTables.PAYMENT_COLUMNS
            + " FROM x402_journal_payment"
            + where
            + (filter.last() > 0
                ? " ORDER BY paid_on DESC, paid_at DESC"
                : " ORDER BY paid_on, paid_at");
    try (Connection connection = access.reading()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false); // else a driver reads all rows at once
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        statement.setFetchSize(ENTRIES_AT_A_TIME);
        statement.setMaxRows(filter.last());
        int parameter = 1;
        for (String value : conditions.values()) {
          statement.setString(parameter++, value);
        }
        try (ResultSet rows = statement.executeQuery()) {
          read(rows, filter.last() > 0, reader);
        }
        connection.commit();
      } finally {
        connection.setAutoCommit(autoCommit);
      }
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be read", e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void read(ResultSet rows, boolean newestFirst, Consumer<BookedPayment> reader)
      throws SQLException {
    if (!newestFirst) {
      while (rows.next()) {
        reader.accept(JournalTables.payment(rows));
      }
      return;
    }
    List<BookedPayment> found = new ArrayList<>();
    while (rows.next()) {
      found.add(0, JournalTables.payment(rows));
    }
    found.forEach(reader);
  }

  /** Returns the conditions of the filter with their values. */
  private static Map<String, String> conditions(SpendFilter filter) {
    Map<String, String> conditions = new LinkedHashMap<>();
    put(conditions, "agent = ?", filter.agent());
    put(conditions, "host = ?", filter.host());
    put(conditions, "paid_on >= ?", JournalTables.day(filter.from()));
    put(conditions, "paid_on <= ?", JournalTables.day(filter.until()));
    put(conditions, "task = ?", filter.task());
    put(conditions, "state = ?", filter.state() == null ? null : filter.state().name());
    return conditions;
  }

  private static void put(
      Map<String, String> conditions, String condition, @Nullable String value) {
    if (value != null) {
      conditions.put(condition, value);
    }
  }

  /** Gives the lines of the table {@code x402_journal}, which earlier versions wrote. */
  @Override
  public void forEachFormerLine(Consumer<String> reader) throws IOException {
    try (Connection connection = access.reading()) {
      if (!Database.hasTable(connection, "x402_journal", "seq, line")) {
        return;
      }
      try (PreparedStatement statement =
              connection.prepareStatement("SELECT line FROM x402_journal ORDER BY seq");
          ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          reader.accept(rows.getString(1));
        }
      }
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be read", e);
    }
  }

  @Override
  public void check(Consumer<String> damage) throws IOException {
    access.check(damage);
  }

  @Override
  public void backup(Path file) throws IOException {
    access.backup(file);
  }

  /** Leaves the data source open, as it was given. */
  @Override
  public void close() throws IOException {
    access.close();
  }

  @Override
  public String toString() {
    return access.toString();
  }
}
