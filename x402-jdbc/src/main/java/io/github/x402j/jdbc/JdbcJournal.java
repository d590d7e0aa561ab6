// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.JournalLines;
import io.github.x402j.client.wallet.JournalStorage;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import javax.sql.DataSource;

/**
 * The journal of wallets in a database, which any number of processes share.
 *
 * <pre>{@code
 * SpendJournal journal = SpendJournal.on(JdbcJournal.open(dataSource));
 * }</pre>
 *
 * <p>Entries are lines in the table {@code x402_journal}; the row of {@code x402_journal_lock} is
 * what processes lock. Needs {@code x402-client} on the class path.
 */
public final class JdbcJournal implements JournalStorage {
  private static final int LONGEST_LINE = 16_000;

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
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);

  private final Database database;
  private JournalLines lines = new JournalLines();
  private volatile long last;
  private volatile boolean broken;

  private JdbcJournal(Database database) {
    this.database = database;
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
      Database database = Database.at(dataSource, LOCK_TIMEOUT);
      try (Database.Lent lent = database.lend(true)) {
        Connection connection = lent.connection();
        Database.createTable(connection, "x402_journal", "seq, line", List.of(CREATE));
        Database.createTable(connection, "x402_journal_lock", "id", List.of(CREATE_LOCK));
        fillLock(connection);
      }
      return new JdbcJournal(database);
    } catch (SQLException e) {
      throw new IOException("journal: the database cannot be used", e);
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
      Database.Lent lent = database.lend(false);
      try {
        lent.readCommitted();
        if (database.update(lent.connection(), LOCK, none -> {}) != 1) {
          throw new SQLException("x402_journal_lock: expected a row with id 1");
        }
        return new JdbcTurn(lent);
      } catch (SQLException e) {
        lent.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("journal: the database lock cannot be had", e);
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
    try (Database.Lent lent = database.lend(true)) {
      read(
          lent.connection(),
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
    private final Database.Lent lent;

    JdbcTurn(Database.Lent lent) {
      this.lent = lent;
    }

    @Override
    public void readNew(Consumer<JournalEntry> reader) throws IOException {
      try {
        JdbcJournal.read(
            lent.connection(),
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
      try (PreparedStatement statement = lent.connection().prepareStatement(WRITE)) {
        for (JournalEntry entry : entries) {
          String line = JournalLines.requireAtMost(LONGEST_LINE, next.write(entry));
          statement.setLong(1, entry.sequence());
          statement.setString(2, line);
          statement.addBatch();
        }
        statement.executeBatch();
        lent.commit();
      } catch (SQLException e) {
        // If they were written after all, the next turn reads them.
        throw new IOException("journal: the database cannot be written", e);
      }
      lines = next;
      last = entries.get(entries.size() - 1).sequence();
    }

    @Override
    public void close() throws IOException {
      try {
        lent.close();
      } catch (SQLException e) {
        throw new IOException("journal: the database lock cannot be released", e);
      }
    }
  }
}
