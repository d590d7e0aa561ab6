// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How many payments the table holds, for a gauge. A database counts rows one by one, so that is
 * done up to a limit, at most once a minute, and only while somebody asks.
 */
final class EntryCount {
  /** The highest count. */
  static final int MOST = 100_000;

  private static final int FETCHED_AT_ONCE = 1_000;
  private static final String ROWS = "SELECT keep_until FROM x402_payment";

  private final Database database;
  private final int most;
  private final AtomicBoolean isAsked = new AtomicBoolean();
  private volatile long counted = -1;

  EntryCount(Database database, int most) {
    this.database = database;
    this.most = most;
  }

  /** Returns what was counted last; counts if nothing was. */
  long get() {
    isAsked.set(true);
    if (counted < 0) {
      counted = count();
    }
    return counted;
  }

  /** Counts again if it was asked for since. */
  void refresh() {
    if (isAsked.getAndSet(false)) {
      counted = count();
    }
  }

  private long count() {
    return database.transaction(
        "counting payments",
        connection ->
            database.query(
                connection,
                ROWS,
                query -> {
                  query.setMaxRows(most);
                  query.setFetchSize(Math.min(most, FETCHED_AT_ONCE));
                },
                rows -> {
                  long found = 0;
                  while (rows.next()) {
                    found++;
                  }
                  return found;
                }));
  }
}
