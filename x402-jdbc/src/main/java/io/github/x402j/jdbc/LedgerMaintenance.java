// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * What a ledger does beside the requests: it renews the lease, runs the writes that wait, and
 * deletes what need not be kept any longer, a bounded number of rows at a time. It counts what is
 * left.
 */
final class LedgerMaintenance {
  private static final Duration BETWEEN_WRITES = Duration.ofSeconds(1);
  private static final Duration BETWEEN_CLEANUPS = Duration.ofMinutes(1);

  /** At most this many steps follow one another, so that the database has time for others. */
  private static final int MAX_STEPS = 100;

  /** How many rows one transaction deletes. */
  static final int STEP = 200;

  private static final Duration KEEP_INSTANCE = Duration.ofHours(1);

  private static final String EXPIRED_PAYMENTS =
      "SELECT network, asset, payer, nonce, hold_id FROM x402_payment WHERE keep_until <= ?"
          + " AND (state <> 'HELD' OR NOT EXISTS (SELECT 1 FROM x402_instance i"
          + " WHERE i.id = x402_payment.instance_id AND i.lease_until > ?)) ORDER BY keep_until";
  private static final String DELETE_PAYMENT =
      "DELETE FROM x402_payment WHERE network = ? AND asset = ? AND payer = ? AND nonce = ?"
          + " AND hold_id = ? AND keep_until <= ?";
  private static final String EXPIRED_RECEIPTS =
      "SELECT id FROM x402_receipt WHERE keep_until <= ?"
          + " AND NOT EXISTS (SELECT 1 FROM x402_use u JOIN x402_instance i"
          + " ON i.id = u.instance_id WHERE u.receipt_id = x402_receipt.id AND i.lease_until > ?)"
          + " ORDER BY keep_until";
  private static final String DELETE_RECEIPT =
      "DELETE FROM x402_receipt WHERE id = ? AND keep_until <= ?";
  private static final String DELETE_USES = "DELETE FROM x402_use WHERE receipt_id = ?";
  private static final String DELETE_INSTANCES = "DELETE FROM x402_instance WHERE lease_until <= ?";

  private final Chores leases = new Chores("x402-ledger-lease", "the payment ledger");
  private final Chores chores = new Chores("x402-ledger", "the payment ledger");

  private LedgerMaintenance() {}

  static LedgerMaintenance start(
      Duration length,
      Lease lease,
      PendingWrites writes,
      Database database,
      EntryCount entries,
      Clock clock) {
    LedgerMaintenance maintenance = new LedgerMaintenance();
    // A thread of its own: a cleanup that takes long must not cost the lease.
    maintenance.leases.repeat("renewing the lease", lease::renew, length.dividedBy(3));
    maintenance.chores.repeat("running pending writes", writes::run, BETWEEN_WRITES);
    maintenance.chores.repeat("cleaning up", () -> clean(database, clock), BETWEEN_CLEANUPS);
    maintenance.chores.repeat("counting", entries::refresh, BETWEEN_CLEANUPS);
    return maintenance;
  }

  private static void clean(Database database, Clock clock) {
    int steps = 1;
    while (steps < MAX_STEPS && deleteExpired(database, clock.instant())) {
      steps++;
    }
  }

  /** Deletes one step of what has expired, and returns whether there may be more. */
  static boolean deleteExpired(Database database, Instant now) {
    long time = now.toEpochMilli();
    int payments =
        database.transaction(
            "deleting payments", connection -> payments(database, connection, time));
    int receipts =
        database.transaction(
            "deleting receipts", connection -> receipts(database, connection, time));
    long old = now.minus(KEEP_INSTANCE).toEpochMilli();
    database.run(
        "deleting instances",
        connection -> database.update(connection, DELETE_INSTANCES, row -> row.setLong(1, old)));
    return payments == STEP || receipts == STEP;
  }

  private static int payments(Database database, Connection connection, long time)
      throws SQLException {
    List<String[]> expired = expired(database, connection, EXPIRED_PAYMENTS, time, 5);
    for (String[] key : expired) {
      database.update(
          connection,
          DELETE_PAYMENT,
          row -> {
            set(row, key);
            row.setLong(6, time);
          });
    }
    return expired.size();
  }

  private static int receipts(Database database, Connection connection, long time)
      throws SQLException {
    List<String[]> expired = expired(database, connection, EXPIRED_RECEIPTS, time, 1);
    for (String[] id : expired) {
      int deleted =
          database.update(
              connection,
              DELETE_RECEIPT,
              row -> {
                set(row, id);
                row.setLong(2, time);
              });
      if (deleted > 0) { // otherwise it was asked for again meanwhile
        database.update(connection, DELETE_USES, row -> set(row, id));
      }
    }
    return expired.size();
  }

  private static void set(PreparedStatement statement, String[] values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setString(i + 1, values[i]);
    }
  }

  private static List<String[]> expired(
      Database database, Connection connection, String sql, long time, int columns)
      throws SQLException {
    return database.query(
        connection,
        sql,
        query -> {
          query.setMaxRows(STEP);
          query.setLong(1, time);
          query.setLong(2, time);
        },
        rows -> read(rows, columns));
  }

  private static List<String[]> read(ResultSet rows, int columns) throws SQLException {
    List<String[]> read = new ArrayList<>();
    while (rows.next()) {
      String[] row = new String[columns];
      for (int i = 0; i < columns; i++) {
        row[i] = rows.getString(i + 1);
      }
      read.add(row);
    }
    return read;
  }

  /** Waits for what is being done, not long. */
  void stop() {
    leases.stop();
    chores.stop();
  }
}
