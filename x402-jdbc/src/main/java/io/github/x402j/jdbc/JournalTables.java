// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.ExportLines;
import io.github.x402j.client.wallet.BookedPayment;
import io.github.x402j.client.wallet.JournalEntry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The tables of the journal, and the rows in them. */
final class JournalTables {
  /** The details of a payment that have a column of their own, by the column. */
  private static final Map<String, String> DETAILS = new LinkedHashMap<>();

  static {
    DETAILS.put("host", "host");
    DETAILS.put("price", "price");
    DETAILS.put("task", "task");
    DETAILS.put("method", "method");
    DETAILS.put("path", "path");
    DETAILS.put("amount", "amount");
    DETAILS.put("token", "token");
    DETAILS.put("network", "network");
    DETAILS.put("pay_to", "payTo");
    DETAILS.put("valid_before", "validBefore");
    DETAILS.put("tx_hash", "transaction");
    DETAILS.put("offers", "offers");
    DETAILS.put("choice", "choice");
  }

  static final String PAYMENT_COLUMNS =
      "agent, nonce, request_id, paid_at, paid_on, state, confirmed, more, "
          + String.join(", ", DETAILS.keySet());

  /** The parameters are those of {@link #set}. */
  static final String ADD_PAYMENT =
      "INSERT INTO x402_journal_payment ("
          + PAYMENT_COLUMNS
          + ") VALUES ("
          + String.join(", ", Collections.nCopies(8 + DETAILS.size(), "?"))
          + ")";

  private static final String ENTRY =
      "CREATE TABLE x402_journal_entry (seq BIGINT NOT NULL PRIMARY KEY, written_at BIGINT NOT NULL,"
          + " event VARCHAR(20) NOT NULL, agent VARCHAR(64) NOT NULL,"
          + " request_id VARCHAR(200) NOT NULL, details TEXT NOT NULL,"
          + " checksum VARCHAR(64) NOT NULL)";
  private static final String PAYMENT =
      "CREATE TABLE x402_journal_payment (agent VARCHAR(64) NOT NULL, nonce VARCHAR(66) NOT NULL,"
          + " request_id VARCHAR(200) NOT NULL, paid_at BIGINT NOT NULL,"
          + " paid_on VARCHAR(16) NOT NULL, state VARCHAR(20) NOT NULL,"
          + " confirmed SMALLINT NOT NULL, more TEXT, host VARCHAR(300) NOT NULL,"
          + " price VARCHAR(160) NOT NULL, task VARCHAR(200), method TEXT, path TEXT,"
          + " amount VARCHAR(100), token VARCHAR(64), network VARCHAR(64), pay_to VARCHAR(64),"
          + " valid_before VARCHAR(40), tx_hash VARCHAR(200), offers TEXT, choice TEXT,"
          + " PRIMARY KEY (agent, nonce))";
  private static final String SUM =
      "CREATE TABLE x402_journal_sum (agent VARCHAR(64) NOT NULL, sum_of VARCHAR(20) NOT NULL,"
          + " name VARCHAR(320) NOT NULL, spent VARCHAR(160) NOT NULL,"
          + " confirmed VARCHAR(160) NOT NULL, settled VARCHAR(160) NOT NULL,"
          + " payments BIGINT NOT NULL, PRIMARY KEY (agent, sum_of, name))";
  private static final String NOTE =
      "CREATE TABLE x402_journal_note (agent VARCHAR(64) NOT NULL, name VARCHAR(200) NOT NULL,"
          + " since BIGINT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (agent, name))";
  private static final String LOCK =
      "CREATE TABLE x402_journal_lock (id INTEGER NOT NULL PRIMARY KEY)";
  private static final String FILL_LOCK = "INSERT INTO x402_journal_lock (id) VALUES (1)";

  private JournalTables() {}

  /** Makes the tables that are missing. */
  static void create(Connection connection) throws SQLException {
    create(connection, "x402_journal_entry", "seq, checksum", ENTRY);
    create(
        connection,
        "x402_journal_payment",
        PAYMENT_COLUMNS,
        PAYMENT,
        index("agent", "agent, paid_at"),
        index("host", "host, paid_at"),
        index("day", "paid_on, paid_at"),
        index("state", "state, agent, paid_at"),
        index("task", "task"));
    create(connection, "x402_journal_sum", "agent, sum_of, name", SUM);
    create(connection, "x402_journal_note", "agent, name, since, content", NOTE);
    create(connection, "x402_journal_lock", "id", LOCK);
    fillLock(connection);
  }

  private static String index(String name, String columns) {
    return "CREATE INDEX x402_journal_payment_"
        + name
        + " ON x402_journal_payment ("
        + columns
        + ")";
  }

  private static void create(
      Connection connection, String table, String columns, String... statements)
      throws SQLException {
    String text = longText(connection);
    List<String> mine =
        List.of(statements).stream().map(sql -> sql.replace(" TEXT", " " + text)).toList();
    Database.createTable(connection, table, columns, mine);
  }

  /** Returns the database's name of a text of any length. */
  private static String longText(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    return product.equals("PostgreSQL") || product.equals("SQLite") ? "TEXT" : "CLOB";
  }

  private static void fillLock(Connection connection) throws SQLException {
    if (isFilled(connection)) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(FILL_LOCK);
    } catch (SQLException e) {
      if (!isFilled(connection)) { // another process may have been faster
        throw e;
      }
    }
  }

  private static boolean isFilled(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT id FROM x402_journal_lock WHERE id = 1")) {
      return row.next();
    }
  }

  /** Returns the row of "SELECT seq, written_at, event, agent, request_id, details". */
  static JournalEntry entry(ResultSet row) throws SQLException {
    return new JournalEntry(
        row.getLong(1),
        instant(row.getLong(2)),
        JournalEntry.Event.valueOf(row.getString(3)),
        row.getString(4),
        row.getString(5),
        ExportLines.texts(row.getString(6)));
  }

  /** Returns the row of {@link #PAYMENT_COLUMNS}. */
  static BookedPayment payment(ResultSet row) throws SQLException {
    String more = row.getString(8);
    Map<String, String> details = more == null ? new TreeMap<>() : ExportLines.texts(more);
    int column = 9;
    for (String name : DETAILS.values()) {
      String value = row.getString(column++);
      if (value != null) {
        details.put(name, value);
      }
    }
    return new BookedPayment(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        instant(row.getLong(4)),
        JournalEntry.Event.valueOf(row.getString(6)),
        row.getInt(7) == 1,
        details);
  }

  /** Returns the details that have no column, as text; null if there are none. */
  static @Nullable String more(BookedPayment payment) {
    Map<String, String> more = new TreeMap<>(payment.details());
    more.keySet().removeAll(DETAILS.values());
    return more.isEmpty() ? null : ExportLines.json(more).strip();
  }

  /** Sets the columns of {@link #PAYMENT_COLUMNS}. */
  static void set(PreparedStatement statement, BookedPayment payment) throws SQLException {
    statement.setString(1, payment.agent());
    statement.setString(2, payment.nonce());
    statement.setString(3, payment.requestId());
    statement.setLong(4, nanos(payment.time()));
    statement.setString(5, LocalDate.ofInstant(payment.time(), ZoneOffset.UTC).toString());
    statement.setString(6, payment.state().name());
    statement.setInt(7, payment.confirmed() ? 1 : 0);
    statement.setString(8, more(payment));
    int column = 9;
    for (String name : DETAILS.values()) {
      statement.setString(column++, payment.detail(name).orElse(null));
    }
  }

  /**
   * Returns the time in nanoseconds since 1970.
   *
   * @throws SQLException if it is before 1678 or after 2262
   */
  static long nanos(Instant time) throws SQLException {
    try {
      return Math.addExact(
          Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
    } catch (ArithmeticException e) {
      throw new SQLException("the clock says " + time + ", which the journal cannot keep", e);
    }
  }

  /** Returns the same, or the nearest time that can be kept. */
  static long nearestNanos(Instant time) {
    try {
      return nanos(time);
    } catch (SQLException e) {
      return time.isAfter(Instant.EPOCH) ? Long.MAX_VALUE : Long.MIN_VALUE;
    }
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(0, nanos);
  }

  static @Nullable String day(@Nullable LocalDate day) {
    return day == null ? null : day.toString();
  }
}
