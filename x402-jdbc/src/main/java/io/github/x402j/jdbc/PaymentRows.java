// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.PaymentKey;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.State;
import io.github.x402j.jdbc.GroupWrites.Statement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The authorizations in the database. Every change of a row is one statement that names the hold
 * which the caller believes to have, and changes nothing if another has come in between.
 */
final class PaymentRows {
  private static final String KEY = " WHERE network = ? AND asset = ? AND payer = ? AND nonce = ?";
  private static final String HELD_AS = KEY + " AND hold_id = ? AND state = 'HELD'";
  private static final String INSERT =
      "INSERT INTO x402_payment (network, asset, payer, nonce, hold_id, state, binding_hash,"
          + " instance_id, keep_until) VALUES (?, ?, ?, ?, ?, 'HELD', ?, ?, ?)";
  private static final String SELECT =
      "SELECT p.state, p.hold_id, p.binding_hash, p.tx_hashes, i.lease_until, p.deliveries,"
          + " p.delivered_at FROM x402_payment p"
          + " LEFT JOIN x402_instance i ON i.id = p.instance_id"
          + " WHERE p.network = ? AND p.asset = ? AND p.payer = ? AND p.nonce = ?";
  private static final String TAKE =
      "UPDATE x402_payment SET state = 'HELD', hold_id = ?, instance_id = ?"
          + KEY
          + " AND hold_id = ? AND state = ?";
  private static final String SETTLING =
      "UPDATE x402_payment SET tx_hashes = COALESCE(tx_hashes || '\n', '')"
          + " || CAST(? AS VARCHAR(128))"
          + HELD_AS;
  private static final String SUSPEND = "UPDATE x402_payment SET state = 'SUSPENDED'" + HELD_AS;
  private static final String DELIVERED =
      "UPDATE x402_payment SET state = 'DELIVERED', deliveries = deliveries + 1, delivered_at = ?"
          + HELD_AS;
  private static final String DELIVERY_BROKE_OFF =
      "UPDATE x402_payment SET state = 'SUSPENDED'"
          + KEY
          + " AND hold_id = ? AND state = 'DELIVERED' AND deliveries < "
          + PaymentLedger.MAX_DELIVERIES;
  private static final String RELEASE = "DELETE FROM x402_payment" + HELD_AS;
  private static final String TAKE_BACK =
      "UPDATE x402_payment SET deliveries = CASE WHEN state = 'DELIVERED' THEN deliveries - 1"
          + " ELSE deliveries END, state = 'SUSPENDED'"
          + KEY
          + " AND hold_id = ?";

  private final Database database;

  PaymentRows(Database database) {
    this.database = database;
  }

  /**
   * A row as it was read.
   *
   * @param state how far it has come
   * @param hold the last hold
   * @param bindingHash what it is bound to
   * @param transactions the hashes that were recorded, oldest first
   * @param leaseUntil until when the instance that holds it is sure to live; 0 if it is gone
   * @param deliveries how often it was delivered
   * @param deliveredAt when it was delivered last; 0 if it was not
   */
  record Row(
      State state,
      String hold,
      String bindingHash,
      List<String> transactions,
      long leaseUntil,
      int deliveries,
      long deliveredAt) {

    /** Returns the newest of its transactions, empty if none was recorded. */
    Optional<String> newestTransaction() {
      return transactions.isEmpty()
          ? Optional.empty()
          : Optional.of(transactions.get(transactions.size() - 1));
    }

    /** Returns the state, held only if the holder lives. */
    State stateAt(Instant now) {
      return state == State.HELD && leaseUntil <= now.toEpochMilli() ? State.SUSPENDED : state;
    }
  }

  /** Makes a row that is held, unless there is one with this key. */
  Statement claiming(
      PaymentKey key, String hold, String bindingHash, String instance, Instant keepUntil) {
    return new Statement(
        database.insertingIfAbsent(INSERT),
        row -> {
          setKey(row, 1, key);
          row.setString(5, hold);
          row.setString(6, bindingHash);
          row.setString(7, instance);
          row.setLong(8, keepUntil.toEpochMilli());
        });
  }

  /** Returns whether the row is new and now held; false if there is one with this key. */
  boolean insert(
      PaymentKey key, String hold, String bindingHash, String instance, Instant keepUntil) {
    return make("claiming a payment", claiming(key, hold, bindingHash, instance, keepUntil));
  }

  /** Executes a statement by itself; returns whether it has changed a row. */
  boolean make(String what, Statement statement) {
    return database.run(
        what,
        connection -> database.insertOrUpdate(connection, statement.sql(), statement.parameters()));
  }

  Optional<Row> find(PaymentKey key) {
    return database.run("looking for a payment", connection -> find(connection, key));
  }

  private Optional<Row> find(Connection connection, PaymentKey key) throws SQLException {
    return database.query(
        connection,
        SELECT,
        row -> setKey(row, 1, key),
        rows -> rows.next() ? Optional.of(row(rows)) : Optional.empty());
  }

  private static Row row(ResultSet rows) throws SQLException {
    return new Row(
        State.valueOf(rows.getString(1)),
        rows.getString(2),
        rows.getString(3),
        transactions(rows.getString(4)),
        rows.getLong(5), // 0 for null
        rows.getInt(6),
        rows.getLong(7));
  }

  private static List<String> transactions(@Nullable String recorded) {
    return recorded == null ? List.of() : recorded.lines().distinct().toList();
  }

  /**
   * Takes over what was read.
   *
   * @return the row afterwards, with what the former holder wrote until then; empty if another was
   *     faster
   */
  Optional<Row> take(PaymentKey key, Row read, String hold, String instance) {
    return database.run(
        "resuming a payment",
        connection -> {
          int changed =
              database.update(
                  connection,
                  TAKE,
                  row -> {
                    row.setString(1, hold);
                    row.setString(2, instance);
                    setKey(row, 3, key);
                    row.setString(7, read.hold());
                    row.setString(8, read.state().name());
                  });
          // Read again: the former holder could write until this very moment.
          return changed == 0
              ? Optional.empty()
              : find(connection, key).filter(row -> row.hold().equals(hold));
        });
  }

  Statement settling(PaymentKey key, String hold, String transaction) {
    return new Statement(
        SETTLING,
        row -> {
          row.setString(1, transaction);
          setKey(row, 2, key);
          row.setString(6, hold);
        });
  }

  /**
   * Records a transaction together with something else: both take effect, or neither.
   *
   * @param beside done if the payment is held
   */
  boolean settling(PaymentKey key, String hold, String transaction, Database.Work<?> beside) {
    Statement settling = settling(key, hold, transaction);
    return database.transaction(
        "recording a transaction",
        connection -> {
          boolean isHeld = database.update(connection, SETTLING, settling.parameters()) > 0;
          if (isHeld) {
            beside.with(connection);
          }
          return isHeld;
        });
  }

  /** Thrown where what was to be done beside a change failed; neither has taken effect. */
  static final class BesideException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private BesideException(SQLException cause) {
      super(cause);
    }
  }

  /**
   * Records a delivery together with something else: both take effect, or neither.
   *
   * @param delivering the change
   * @param beside done if the payment is held
   * @throws BesideException if that cannot be done
   */
  boolean delivered(Statement delivering, Database.Work<?> beside) {
    return database.transaction(
        "recording a delivery",
        connection -> {
          boolean isHeld = database.update(connection, DELIVERED, delivering.parameters()) > 0;
          if (isHeld) {
            try {
              beside.with(connection);
            } catch (SQLException e) {
              if (Database.wasTakenBack(e)) {
                throw e; // all of it is done again
              }
              throw new BesideException(e);
            }
          }
          return isHeld;
        });
  }

  Statement suspending(PaymentKey key, String hold) {
    return changing(SUSPEND, key, hold);
  }

  Statement delivering(PaymentKey key, String hold, Instant now) {
    return new Statement(
        DELIVERED,
        row -> {
          row.setLong(1, now.toEpochMilli());
          setKey(row, 2, key);
          row.setString(6, hold);
        });
  }

  Statement releasing(PaymentKey key, String hold) {
    return changing(RELEASE, key, hold);
  }

  boolean release(PaymentKey key, String hold) {
    return make("releasing a payment", releasing(key, hold));
  }

  /** Suspends what the hold has delivered, unless that was the last delivery. */
  boolean deliveryBrokeOff(PaymentKey key, String hold) {
    return change("taking a delivery back", DELIVERY_BROKE_OFF, key, hold);
  }

  /** Suspends what the hold has done last, even a delivery, which then was not made. */
  void takeBack(PaymentKey key, String hold) {
    change("suspending a payment", TAKE_BACK, key, hold);
  }

  private boolean change(String what, String sql, PaymentKey key, String hold) {
    return make(what, changing(sql, key, hold));
  }

  private static Statement changing(String sql, PaymentKey key, String hold) {
    return new Statement(
        sql,
        row -> {
          setKey(row, 1, key);
          row.setString(5, hold);
        });
  }

  /** Sets the four parts of the key, each in its only spelling. */
  static void setKey(PreparedStatement statement, int from, PaymentKey key) throws SQLException {
    statement.setString(from, key.network().toString());
    statement.setString(from + 1, key.asset().lowerCase());
    statement.setString(from + 2, key.payer().lowerCase());
    statement.setString(from + 3, key.nonce());
  }
}
