// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.Recent;
import io.github.x402j.TokenAmount;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import io.github.x402j.gate.SalesBook.GroupBy;
import io.github.x402j.gate.SalesBook.Question;
import io.github.x402j.gate.SalesBook.State;
import io.github.x402j.gate.SalesBook.Total;
import io.github.x402j.gate.SalesTotals;
import io.github.x402j.jdbc.GroupWrites.Statement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The sales in the database. */
final class SaleRows {
  /** As the column has it. */
  private static final int MAX_PAYMENT_LENGTH = 8192;

  static final String COLUMNS =
      "state, route, payer, pay_to, network, asset, symbol, decimals, amount, tx_hash, pass_id,"
          + " reason, payment, ask_at, id, sold_at";
  private static final int ID = 15;
  private static final int SOLD_AT = 16;
  private static final String INSERT =
      "INSERT INTO x402_sale ("
          + COLUMNS
          + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  /** Keeps the time. */
  private static final String UPDATE =
      "UPDATE x402_sale SET state = ?, route = ?, payer = ?, pay_to = ?, network = ?, asset = ?,"
          + " symbol = ?, decimals = ?, amount = ?, tx_hash = ?, pass_id = ?, reason = ?,"
          + " payment = ?, ask_at = ? WHERE id = ?";

  private static final String UPDATE_UNPAID = UPDATE + " AND state IN ('SENT', 'FAILED')";
  private static final String CONCLUDE = UPDATE + " AND state = 'SENT'";
  private static final String WITHDRAW =
      "DELETE FROM x402_sale WHERE id = ? AND state = 'SENT' AND tx_hash IS NULL";
  private static final String DUE =
      "SELECT " + COLUMNS + " FROM x402_sale WHERE ask_at <= ? ORDER BY ask_at";
  private static final String POSTPONE =
      "UPDATE x402_sale SET ask_at = ? WHERE id = ? AND ask_at = ?";
  private static final String EXPIRED =
      "SELECT id FROM x402_sale WHERE sold_at < ? AND state <> 'SENT' ORDER BY sold_at";
  private static final String DELETE = "DELETE FROM x402_sale WHERE id = ? AND state <> 'SENT'";

  private static final int FETCHED_AT_ONCE = 1_000;
  private static final int ADDRESSES_AT_HAND = 10_000;

  private final Database database;

  /** Checking the checksum of an address takes longer than reading its row. */
  private final Recent<String, Address> addresses = new Recent<>(ADDRESSES_AT_HAND);

  SaleRows(Database database) {
    this.database = database;
  }

  /** Inserts a row, unless there is one with this id. */
  Statement inserting(Entry entry) {
    return new Statement(database.insertingIfAbsent(INSERT), row -> setAll(row, entry));
  }

  /** Changes the row that the entry may take the place of. */
  Statement updating(Entry entry) {
    return new Statement(entry.isPaid() ? UPDATE : UPDATE_UNPAID, row -> set(row, entry));
  }

  /** Returns whether the row is new. */
  boolean insert(Connection connection, Entry entry) throws SQLException {
    return make(connection, inserting(entry));
  }

  /** Executes the statement; returns whether it has inserted or changed a row. */
  boolean make(Connection connection, Statement statement) throws SQLException {
    return database.insertOrUpdate(connection, statement.sql(), statement.parameters());
  }

  void insertAll(Connection connection, List<Entry> entries) throws SQLException {
    try (PreparedStatement row = connection.prepareStatement(INSERT)) {
      for (Entry entry : entries) {
        setAll(row, entry);
        row.addBatch();
      }
      row.executeBatch();
    }
  }

  /** Changes a row; returns false if there is none that the entry may take the place of. */
  boolean update(Connection connection, Entry entry) throws SQLException {
    return make(connection, updating(entry));
  }

  /** Returns whether the row was open. */
  boolean conclude(Connection connection, Entry entry) throws SQLException {
    return database.update(connection, CONCLUDE, row -> set(row, entry)) > 0;
  }

  /** Returns whether there was an open row without a transaction. */
  boolean withdraw(Connection connection, String id) throws SQLException {
    return database.update(connection, WITHDRAW, row -> row.setString(1, id)) > 0;
  }

  /** Reads what is due, and takes it so that no other process does. */
  List<Entry> takeDue(Connection connection, Instant now, Instant next, int max)
      throws SQLException {
    List<Entry> due =
        database.query(
            connection,
            DUE,
            query -> {
              query.setMaxRows(max);
              query.setLong(1, now.toEpochMilli());
            },
            rows -> {
              List<Entry> read = new ArrayList<>();
              while (rows.next()) {
                read.add(entry(rows));
              }
              return read;
            });
    List<Entry> taken = new ArrayList<>();
    for (Entry entry : due) {
      Question question = entry.question();
      if (question != null && postpone(connection, entry, question, next)) {
        taken.add(entry);
      }
    }
    return taken;
  }

  private boolean postpone(Connection connection, Entry entry, Question question, Instant next)
      throws SQLException {
    return database.update(
            connection,
            POSTPONE,
            row -> {
              row.setLong(1, next.toEpochMilli());
              row.setString(2, entry.id());
              row.setLong(3, question.from().toEpochMilli());
            })
        > 0;
  }

  void forEach(Connection connection, Filter filter, Consumer<Entry> reader) throws SQLException {
    List<Object> parameters = new ArrayList<>();
    String where = where(filter, parameters);
    read(
        connection,
        "SELECT " + COLUMNS + " FROM x402_sale" + where + " ORDER BY sold_at, id",
        parameters,
        row -> reader.accept(entry(row)));
  }

  /** Adds up sales that are alike in the database: there are few prices. */
  List<Total> totals(Connection connection, Filter filter, GroupBy groups) throws SQLException {
    List<Object> parameters = new ArrayList<>();
    String where = where(filter, parameters);
    String group =
        switch (groups) {
          case DAY -> "sold_at / " + Duration.ofDays(1).toMillis(); // the database cuts the rest
          case ROUTE -> "route";
          case PAYER -> "payer";
        };
    String alike =
        ", network, asset, symbol, decimals, state, amount,"
            + " CASE WHEN pass_id IS NULL THEN 0 ELSE 1 END";
    SalesTotals totals = new SalesTotals();
    read(
        connection,
        "SELECT "
            + group
            + alike
            + ", COUNT(*) FROM x402_sale"
            + where
            + " GROUP BY "
            + group
            + alike,
        parameters,
        row ->
            totals.add(
                group(row, groups),
                currency(row, 2),
                State.valueOf(row.getString(6)),
                row.getInt(8) == 1,
                TokenAmount.parse(row.getString(7)),
                row.getLong(9)));
    return totals.list();
  }

  private String group(ResultSet row, GroupBy groups) throws SQLException {
    return switch (groups) {
      case DAY -> SalesTotals.day(Instant.EPOCH.plus(Duration.ofDays(row.getLong(1))));
      case ROUTE -> row.getString(1);
      case PAYER -> address(row.getString(1)).text();
    };
  }

  private interface Reader {
    void read(ResultSet row) throws SQLException;
  }

  private void read(Connection connection, String sql, List<Object> parameters, Reader reader)
      throws SQLException {
    database.query(
        connection,
        sql,
        query -> {
          query.setQueryTimeout(0); // an export takes what it takes
          query.setFetchSize(FETCHED_AT_ONCE);
          for (int i = 0; i < parameters.size(); i++) {
            query.setObject(i + 1, parameters.get(i));
          }
        },
        rows -> {
          while (rows.next()) {
            reader.read(rows);
          }
          return true;
        });
  }

  private static String where(Filter filter, List<Object> parameters) {
    StringBuilder sql = new StringBuilder(" WHERE 1 = 1");
    Instant from = filter.from();
    if (from != null) {
      sql.append(" AND sold_at >= ?");
      parameters.add(from.toEpochMilli());
    }
    Instant until = filter.until();
    if (until != null) {
      sql.append(" AND sold_at < ?");
      parameters.add(until.toEpochMilli());
    }
    String route = filter.route();
    if (route != null) {
      sql.append(" AND route = ?");
      parameters.add(route);
    }
    Address payer = filter.payer();
    if (payer != null) {
      sql.append(" AND payer = ?");
      parameters.add(payer.lowerCase());
    }
    return sql.toString();
  }

  /** Deletes at most this many sales of before this time, and returns how many. */
  int deleteBefore(Connection connection, Instant time, int max) throws SQLException {
    List<String> ids =
        database.query(
            connection,
            EXPIRED,
            query -> {
              query.setMaxRows(max);
              query.setLong(1, time.toEpochMilli());
            },
            rows -> {
              List<String> read = new ArrayList<>();
              while (rows.next()) {
                read.add(rows.getString(1));
              }
              return read;
            });
    for (String id : ids) {
      database.update(connection, DELETE, row -> row.setString(1, id));
    }
    return ids.size();
  }

  // ---- one row

  private static void setAll(PreparedStatement row, Entry entry) throws SQLException {
    set(row, entry);
    row.setLong(SOLD_AT, entry.time().toEpochMilli());
  }

  /** Sets all but the time. */
  private static void set(PreparedStatement row, Entry entry) throws SQLException {
    Currency currency = entry.currency();
    row.setString(1, entry.state().name());
    row.setString(2, entry.route());
    row.setString(3, entry.payer().lowerCase());
    row.setString(4, entry.payTo().lowerCase());
    row.setString(5, currency.network().caip2());
    row.setString(6, currency.asset().lowerCase());
    row.setString(7, currency.symbol());
    Integer decimals = currency.decimals();
    if (decimals == null) {
      row.setNull(8, Types.INTEGER);
    } else {
      row.setInt(8, decimals);
    }
    row.setString(9, entry.amount().toString());
    row.setString(10, entry.transaction());
    row.setString(11, entry.pass());
    row.setString(12, entry.reason());
    Question question = entry.question();
    String payment = question == null ? null : PaymentCodec.encodePayload(question.payment());
    if (question == null
        || payment == null
        || payment.length() > MAX_PAYMENT_LENGTH) { // has no room
      row.setString(13, null);
      row.setNull(14, Types.BIGINT);
    } else {
      row.setString(13, payment);
      row.setLong(14, question.from().toEpochMilli());
    }
    row.setString(ID, entry.id());
  }

  private Entry entry(ResultSet row) throws SQLException {
    Currency currency = currency(row, 5);
    return new Entry(
        row.getString(ID),
        Instant.ofEpochMilli(row.getLong(SOLD_AT)),
        State.valueOf(row.getString(1)),
        row.getString(2),
        address(row.getString(3)),
        address(row.getString(4)),
        currency,
        TokenAmount.parse(row.getString(9)),
        row.getString(10),
        row.getString(11),
        row.getString(12),
        question(row.getString(13), row.getLong(14)));
  }

  /** Reads the columns of the token, which follow one another. */
  private Currency currency(ResultSet row, int first) throws SQLException {
    int decimals = row.getInt(first + 3);
    boolean hasDecimals = !row.wasNull();
    return new Currency(
        Network.parse(row.getString(first)),
        address(row.getString(first + 1)),
        row.getString(first + 2),
        hasDecimals ? decimals : null);
  }

  private Address address(String text) {
    return addresses
        .get(text)
        .orElseGet(
            () -> {
              Address address = Address.parse(text);
              addresses.put(text, address);
              return address;
            });
  }

  private static @Nullable Question question(@Nullable String payment, long from) {
    if (payment == null) {
      return null;
    }
    try {
      PaymentPayload payload = PaymentCodec.decodePayload(payment, 2);
      return new Question(payload, Instant.ofEpochMilli(from));
    } catch (MalformedPaymentException e) {
      return null; // written by a version that knows more
    }
  }
}
