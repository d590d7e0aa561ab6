// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import javax.sql.DataSource;

/** A journal's way to a database that others share, by connections of a data source. */
final class PooledAccess implements JournalAccess {
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);

  /** Not {@code SELECT ... FOR UPDATE}: Derby, and HSQLDB with row versions, let others by. */
  private static final String LOCK = "UPDATE x402_journal_lock SET id = 1 WHERE id = 1";

  private final DataSource dataSource;
  private final Database database;

  PooledAccess(DataSource dataSource) throws SQLException {
    this.dataSource = dataSource;
    this.database = Database.at("the journal", dataSource, LOCK_TIMEOUT);
  }

  @Override
  public Held hold() throws SQLException {
    Database.Lent lent = database.lend(false);
    try {
      lent.readCommitted();
      if (database.update(lent.connection(), LOCK, none -> {}) != 1) {
        throw new SQLException("x402_journal_lock: expected a row with id 1");
      }
      return new Row(lent);
    } catch (SQLException e) {
      lent.close();
      throw e;
    }
  }

  @Override
  public Connection reading() throws SQLException {
    return dataSource.getConnection();
  }

  @Override
  public void makeDurable() {
    // A commit is.
  }

  /** Databases on a server check themselves. */
  @Override
  public void check(Consumer<String> damage) {}

  @Override
  public void backup(Path file) throws IOException {
    throw new UnsupportedOperationException(
        "journal: it is in a database, which is backed up by its own tools");
  }

  /** Leaves the data source open, as it was given. */
  @Override
  public void close() {}

  @Override
  public String toString() {
    return "JDBC";
  }

  /** Holds the row that all who write lock. */
  private static final class Row implements Held {
    private final Database.Lent lent;
    private final Map<String, PreparedStatement> statements = new HashMap<>();

    Row(Database.Lent lent) {
      this.lent = lent;
    }

    @Override
    public PreparedStatement statement(String sql) throws SQLException {
      PreparedStatement known = statements.get(sql);
      if (known == null) {
        known = lent.connection().prepareStatement(sql);
        known.setQueryTimeout((int) LOCK_TIMEOUT.toSeconds());
        statements.put(sql, known);
      }
      return known;
    }

    /** The transaction ends, and its statements with it. */
    @Override
    public void failed() {}

    @Override
    public void commit() throws SQLException {
      lent.commit();
    }

    @Override
    public void close() throws SQLException {
      try (lent) {
        for (PreparedStatement statement : statements.values()) {
          statement.close();
        }
      }
    }
  }
}
