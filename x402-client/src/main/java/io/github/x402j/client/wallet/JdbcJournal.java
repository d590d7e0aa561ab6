// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.Consumer;
import javax.sql.DataSource;

/** A journal's entries as lines in a table. A row of another table is what processes lock. */
final class JdbcJournal implements JournalStorage {
  private static final String CREATE =
      "CREATE TABLE x402_journal (seq BIGINT NOT NULL PRIMARY KEY, line VARCHAR(16000) NOT NULL)";
  private static final String CREATE_LOCK =
      "CREATE TABLE x402_journal_lock (id INTEGER NOT NULL PRIMARY KEY)";
  private static final String FILL_LOCK = "INSERT INTO x402_journal_lock (id) VALUES (1)";

  /** Not {@code SELECT ... FOR UPDATE}: Derby, and HSQLDB with row versions, let others by. */
  private static final String LOCK = "UPDATE x402_journal_lock SET id = 1 WHERE id = 1";

  private static final String READ =
      "SELECT seq, line FROM x402_journal WHERE seq > ? ORDER BY seq";
  private static final String WRITE = "INSERT INTO x402_journal (seq, line) VALUES (?, ?)";
  private static final int LOCK_SECONDS = 10;

  private final DataSource dataSource;
  private JournalLines lines = new JournalLines();
  private volatile long last;
  private volatile boolean broken;

  private JdbcJournal(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  static JdbcJournal open(DataSource dataSource) throws IOException {
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(true);
      if (!has(connection, "x402_journal")) {
        create(connection, CREATE, "x402_journal");
      }
      if (!has(connection, "x402_journal_lock")) {
        create(connection, CREATE_LOCK, "x402_journal_lock");
      }
      fillLock(connection);
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be used", e);
    }
    return new JdbcJournal(dataSource);
  }

  private static boolean has(Connection connection, String table) {
    try (Statement statement = connection.createStatement();
        ResultSet any = statement.executeQuery("SELECT 1 FROM " + table + " WHERE 1 = 0")) {
      return !any.next();
    } catch (SQLException e) {
      return false;
    }
  }

  private static void create(Connection connection, String ddl, String table) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(ddl);
    } catch (SQLException e) {
      if (!has(connection, table)) { // another process may have been faster
        throw e;
      }
    }
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

  @Override
  public Turn begin() throws IOException {
    if (broken) {
      throw new IOException("journal: a line could not be read before; open it again");
    }
    try {
      Connection connection = dataSource.getConnection();
      try {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        lock(connection);
        return new JdbcTurn(connection);
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("journal: the database lock cannot be had", e);
    }
  }

  private static void lock(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
      statement.setQueryTimeout(LOCK_SECONDS);
      if (statement.executeUpdate() != 1) {
        throw new SQLException("x402_journal_lock: expected a row with id 1");
      }
    }
  }

  @Override
  public void makeDurable() {
    // A commit is.
  }

  @Override
  public void forEach(Consumer<JournalEntry> reader) throws IOException {
    long until = last;
    JournalLines fromStart = new JournalLines();
    try (Connection connection = dataSource.getConnection()) {
      read(
          connection,
          0,
          (seq, line) -> {
            if (seq <= until) {
              reader.accept(fromStart.read(line));
            }
          });
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be read", e);
    }
  }

  /** Leaves the data source open, as it was given. */
  @Override
  public void close() {}

  @Override
  public String toString() {
    return "JDBC";
  }

  private interface Row {
    void read(long seq, String line) throws IOException;
  }

  private static void read(Connection connection, long after, Row row)
      throws SQLException, IOException {
    try (PreparedStatement statement = connection.prepareStatement(READ)) {
      statement.setLong(1, after);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          row.read(rows.getLong(1), rows.getString(2));
        }
      }
    }
  }

  private final class JdbcTurn implements Turn {
    private final Connection connection;

    JdbcTurn(Connection connection) {
      this.connection = connection;
    }

    @Override
    public void readNew(Consumer<JournalEntry> reader) throws IOException {
      try {
        JdbcJournal.read(
            connection,
            last,
            (seq, line) -> {
              reader.accept(lines.read(line));
              last = seq;
            });
      } catch (SQLException e) {
        throw new IOException("journal: the database cannot be read", e);
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }

    @Override
    public void append(List<JournalEntry> entries) throws IOException {
      JournalLines next = lines.copy();
      try (PreparedStatement statement = connection.prepareStatement(WRITE)) {
        for (JournalEntry entry : entries) {
          statement.setLong(1, entry.sequence());
          statement.setString(2, next.write(entry));
          statement.addBatch();
        }
        statement.executeBatch();
        connection.commit();
      } catch (SQLException e) {
        // If they were written after all, the next turn reads them.
        throw new IOException("journal: the database cannot be written", e);
      }
      lines = next;
      last = entries.get(entries.size() - 1).sequence();
    }

    @Override
    public void close() throws IOException {
      try (connection) {
        connection.rollback();
      } catch (SQLException e) {
        throw new IOException("journal: the database lock cannot be released", e);
      }
    }
  }
}
