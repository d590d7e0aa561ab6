// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.gate.LedgerException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sign of life of one ledger, which all that it holds depends on: a row with a time that is put
 * off again and again. The time is the writer's, so clocks that differ by more than the rest of a
 * lease make holds look dead too early; that costs a 503, as the holder is fenced off.
 */
final class Lease {
  private static final String INSERT = "INSERT INTO x402_instance (id, lease_until) VALUES (?, ?)";
  private static final String UPDATE = "UPDATE x402_instance SET lease_until = ? WHERE id = ?";
  private static final String DELETE = "DELETE FROM x402_instance WHERE id = ?";

  private final Database database;
  private final Clock clock;
  private final Duration length;
  private final String id = UUID.randomUUID().toString();
  private final AtomicLong holds = new AtomicLong();
  private final ReentrantLock renewing = new ReentrantLock();
  private volatile Instant until = Instant.EPOCH;
  private volatile boolean ended;

  Lease(Database database, Clock clock, Duration length) {
    this.database = database;
    this.clock = clock;
    this.length = length;
  }

  /** Returns whose lease it is. */
  String id() {
    return id;
  }

  /** Returns a name that no hold has had before, in any process. */
  String newHold() {
    return id + ":" + Long.toString(holds.incrementAndGet(), Character.MAX_RADIX);
  }

  /**
   * Makes sure that what is held from now on will not look dead at once.
   *
   * @throws LedgerException if the lease has run out and cannot be renewed
   */
  void ensure() {
    if (ended) {
      throw new LedgerException("the ledger is closed");
    }
    Instant now = clock.instant();
    if (now.isBefore(until.minus(length.dividedBy(2)))) {
      return;
    }
    if (!renewing.tryLock()) {
      if (now.isBefore(until)) {
        return; // another thread is about it
      }
      throw new LedgerException("the ledger's lease has run out and is being renewed");
    }
    try {
      renew();
    } finally {
      renewing.unlock();
    }
  }

  /**
   * Returns how long a lease still runs whose holder seems to have died; zero if it was renewed in
   * time. Each is renewed when a third of it is over ({@link LedgerMaintenance}).
   */
  Duration freeIn(Instant end) {
    return isRenewed(end) ? Duration.ZERO : Duration.between(clock.instant(), end);
  }

  /** Returns whether a lease with this end was renewed in time. */
  boolean isRenewed(Instant end) {
    Duration left = Duration.between(clock.instant(), end);
    return left.compareTo(length.multipliedBy(3).dividedBy(5)) > 0;
  }

  Duration length() {
    return length;
  }

  /** Puts the end off. */
  void renew() {
    renewing.lock();
    try {
      if (ended) {
        return;
      }
      Instant next = clock.instant().plus(length);
      database.run("renewing the lease", connection -> write(connection, next.toEpochMilli()));
      until = next;
    } finally {
      renewing.unlock();
    }
  }

  private int write(Connection connection, long time) throws SQLException {
    int changed =
        database.update(
            connection,
            UPDATE,
            row -> {
              row.setLong(1, time);
              row.setString(2, id);
            });
    if (changed > 0) {
      return changed;
    }
    return database.update(
        connection,
        INSERT,
        row -> {
          row.setString(1, id);
          row.setLong(2, time);
        });
  }

  /** Ends the lease now: what is still held can be taken over. */
  void end() {
    renewing.lock();
    try {
      ended = true;
      database.run(
          "ending the lease",
          connection -> database.update(connection, DELETE, row -> row.setString(1, id)));
    } finally {
      renewing.unlock();
    }
  }
}
