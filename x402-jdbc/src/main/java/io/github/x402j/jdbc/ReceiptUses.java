// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.ReceiptKey;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.Use;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The uses of receipts: those that exchanges of this process hold, and the count of all in the
 * database. A row counts what is taken, delivered or not; another row for each use that is held
 * says which of them may come back.
 */
final class ReceiptUses {
  private static final int ATTEMPTS = 8;

  private static final String TAKE =
      "UPDATE x402_receipt SET taken = taken + 1 WHERE id = ? AND taken < ?";
  private static final String TAKE_BACK =
      "UPDATE x402_receipt SET taken = taken - 1, taken_back = taken_back + 1"
          + " WHERE id = ? AND taken > 0 AND taken_back < "
          + (PaymentLedger.MAX_DELIVERIES - 1);
  private static final String ADD = "UPDATE x402_receipt SET taken = taken + ? WHERE id = ?";
  private static final String SELECT = "SELECT taken FROM x402_receipt WHERE id = ?";
  private static final String INSERT =
      "INSERT INTO x402_receipt (id, taken, keep_until) VALUES (?, 0, ?)";
  private static final String KEEP =
      "UPDATE x402_receipt SET keep_until = ? WHERE id = ? AND keep_until < ?";
  private static final String HOLD =
      "INSERT INTO x402_use (hold_id, receipt_id, instance_id) VALUES (?, ?, ?)";
  private static final String LET_GO = "DELETE FROM x402_use WHERE hold_id = ?";
  private static final String LIVING =
      "SELECT COUNT(*) FROM x402_use u JOIN x402_instance i ON i.id = u.instance_id"
          + " WHERE u.receipt_id = ? AND i.lease_until > ?";

  private final Database database;
  private final Lease lease;
  private final PendingWrites pending;
  private final Clock clock;

  /** The holds of each receipt; which of them ends first does not matter. */
  private final Map<ReceiptKey, Deque<String>> held = new HashMap<>();

  ReceiptUses(Database database, Lease lease, PendingWrites pending, Clock clock) {
    this.database = database;
    this.lease = lease;
    this.pending = pending;
    this.clock = clock;
  }

  Use use(ReceiptKey key, long uses, Instant keepUntil) {
    if (uses < 1) {
      throw new IllegalArgumentException("uses: expected at least 1, found " + uses);
    }
    lease.ensure();
    String hold = lease.newHold();
    String receipt = id(key);
    try {
      Use use = take(new Wanted(receipt, uses, keepUntil, hold, lease.id()), clock.instant());
      if (use instanceof Use.Granted) {
        keep(key, hold);
      }
      return use;
    } catch (LedgerException e) {
      pending.add(() -> giveBack(hold, receipt));
      throw e;
    }
  }

  /** A use of a process that is taken for dead still counts: it is not given to another. */
  void delivered(ReceiptKey key) {
    String hold = letGo(key);
    try {
      recordDelivery(hold);
    } catch (LedgerException e) {
      pending.add(() -> giveBack(hold, id(key))); // nothing is sent when this is thrown
      throw e;
    }
  }

  void released(ReceiptKey key) {
    String hold = letGo(key);
    try {
      giveBack(hold, id(key));
    } catch (LedgerException e) {
      pending.add(() -> giveBack(hold, id(key)));
      throw e;
    }
  }

  /** What the database does not tell stays as it is: a use that is given back twice is worse. */
  boolean takenBack(ReceiptKey key) {
    return database.run(
            "taking a use of a receipt back",
            connection -> database.update(connection, TAKE_BACK, row -> row.setString(1, id(key))))
        > 0;
  }

  /** Issuers are of any length and alphabet; the length tells where one ends. */
  private static String id(ReceiptKey key) {
    return Database.hash(key.issuer().length() + " " + key.issuer() + " " + key.id());
  }

  private synchronized void keep(ReceiptKey key, String hold) {
    held.computeIfAbsent(key, any -> new ArrayDeque<>()).add(hold);
  }

  private synchronized String letGo(ReceiptKey key) {
    @Nullable Deque<String> holds = held.get(key);
    if (holds == null) {
      throw new IllegalStateException("no use of the receipt is held by an exchange");
    }
    String hold = holds.remove();
    if (holds.isEmpty()) {
      held.remove(key);
    }
    return hold;
  }

  // ---- rows

  /**
   * A use that an exchange asks for.
   *
   * @param receipt the receipt's hash
   * @param uses how many it has
   * @param keepUntil until when its count is needed
   * @param hold the new hold
   * @param instance whose it will be
   */
  private record Wanted(
      String receipt, long uses, Instant keepUntil, String hold, String instance) {}

  /** Takes a use if there is one left. */
  private Use take(Wanted wanted, Instant now) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      OptionalLong taken =
          database.transaction("taking a use of a receipt", connection -> take(connection, wanted));
      if (taken.isPresent()) {
        return new Use.Granted(wanted.uses() - taken.getAsLong());
      }
      if (begin(wanted)) {
        continue;
      }
      if (isAnyHeld(wanted.receipt(), now)) {
        return new Use.InProgress();
      }
      if (isUsedUp(wanted)) { // only now: what was held a moment ago may have come back since
        return new Use.UsedUp();
      }
    }
    throw new LedgerException("the count of a receipt does not stay in the ledger's database");
  }

  /** Returns how many are taken now, this one included; empty if none was left, or no row is. */
  private OptionalLong take(Connection connection, Wanted wanted) throws SQLException {
    int changed =
        database.update(
            connection,
            TAKE,
            row -> {
              row.setString(1, wanted.receipt());
              row.setLong(2, wanted.uses());
            });
    keep(connection, wanted);
    if (changed == 0) {
      return OptionalLong.empty();
    }
    hold(connection, wanted);
    return taken(connection, wanted.receipt());
  }

  private boolean isUsedUp(Wanted wanted) {
    return database.run(
        "counting a receipt",
        connection -> taken(connection, wanted.receipt()).orElse(0) >= wanted.uses());
  }

  private OptionalLong taken(Connection connection, String receipt) throws SQLException {
    return database.query(
        connection,
        SELECT,
        row -> row.setString(1, receipt),
        rows -> rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty());
  }

  private void keep(Connection connection, Wanted wanted) throws SQLException {
    long until = wanted.keepUntil().toEpochMilli();
    database.update(
        connection,
        KEEP,
        row -> {
          row.setLong(1, until);
          row.setString(2, wanted.receipt());
          row.setLong(3, until);
        });
  }

  private void hold(Connection connection, Wanted wanted) throws SQLException {
    database.update(
        connection,
        HOLD,
        row -> {
          row.setString(1, wanted.hold());
          row.setString(2, wanted.receipt());
          row.setString(3, wanted.instance());
        });
  }

  private boolean isAnyHeld(String receipt, Instant now) {
    return database.run(
        "looking for uses of a receipt",
        connection ->
            database.query(
                connection,
                LIVING,
                row -> {
                  row.setString(1, receipt);
                  row.setLong(2, now.toEpochMilli());
                },
                rows -> rows.next() && rows.getLong(1) > 0));
  }

  /** Writes the row of a receipt and returns true; returns false if it was there. */
  private boolean begin(Wanted wanted) {
    return database.run(
        "beginning to count a receipt",
        connection -> {
          if (taken(connection, wanted.receipt()).isPresent()) {
            return false;
          }
          try {
            database.update(
                connection,
                INSERT,
                row -> {
                  row.setString(1, wanted.receipt());
                  row.setLong(2, wanted.keepUntil().toEpochMilli());
                });
          } catch (SQLException e) {
            if (!Database.isDuplicate(e)) {
              throw e;
            }
          }
          return true;
        });
  }

  /** Ends a use that has bought its delivery: it stays taken, and is held no more. */
  private void recordDelivery(String hold) {
    database.run(
        "recording a use of a receipt",
        connection -> database.update(connection, LET_GO, row -> row.setString(1, hold)));
  }

  /** Gives the use back, unless it is held no more. */
  private void giveBack(String hold, String receipt) {
    database.transaction(
        "giving a use of a receipt back",
        connection -> {
          // The count first, as everywhere: two orders would make transactions wait in a circle.
          int counted = add(connection, -1, receipt);
          int held = database.update(connection, LET_GO, row -> row.setString(1, hold));
          return held == counted ? 0 : add(connection, counted - held, receipt);
        });
  }

  private int add(Connection connection, int uses, String receipt) throws SQLException {
    return database.update(
        connection,
        ADD,
        row -> {
          row.setInt(1, uses);
          row.setString(2, receipt);
        });
  }
}
