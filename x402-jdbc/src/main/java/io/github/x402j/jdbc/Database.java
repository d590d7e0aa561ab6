// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Hashes;
import io.github.x402j.gate.LedgerException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * The way to a database: short transactions with deadlines, repeated where the database took them
 * back, on connections that are given back as they were.
 */
final class Database {
  private static final int ATTEMPTS = 6;
  private static final long BACK_OFF_NANOS = Duration.ofMillis(4).toNanos();

  private final String owner;
  private final DataSource dataSource;
  private final Duration queryTimeout;
  private final boolean hasNetworkTimeout;

  /** PostgreSQL ends a transaction at the first error, and takes many rows in one round trip. */
  private final boolean isPostgres;

  private Database(
      String owner,
      DataSource dataSource,
      Duration queryTimeout,
      boolean hasNetworkTimeout,
      boolean isPostgres) {
    this.owner = owner;
    this.dataSource = dataSource;
    this.queryTimeout = queryTimeout;
    this.hasNetworkTimeout = hasNetworkTimeout;
    this.isPostgres = isPostgres;
  }

  /**
   * Returns the way to a database that answers.
   *
   * @throws SQLException if it does not
   */
  static Database at(DataSource dataSource, Duration queryTimeout) throws SQLException {
    return at("the ledger", dataSource, queryTimeout);
  }

  /**
   * Returns the way to a database that answers.
   *
   * @param owner whose it is, in messages
   * @throws SQLException if it does not
   */
  static Database at(String owner, DataSource dataSource, Duration queryTimeout)
      throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return new Database(
          owner,
          dataSource,
          queryTimeout,
          hasNetworkTimeout(connection),
          "PostgreSQL".equals(connection.getMetaData().getDatabaseProductName()));
    }
  }

  private static boolean hasNetworkTimeout(Connection connection) {
    try {
      connection.setNetworkTimeout(Runnable::run, connection.getNetworkTimeout());
      return true;
    } catch (SQLException | AbstractMethodError e) {
      return false; // a driver of a database in this process, or an old one
    }
  }

  /** Something to do with a connection; may be done again when the database took it back. */
  interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  /** Sets the parameters of a statement. */
  interface Parameters {
    void set(PreparedStatement statement) throws SQLException;
  }

  /** Reads what a query found. */
  interface Rows<T> {
    T read(ResultSet rows) throws SQLException;
  }

  /** Runs statements, each of which takes effect by itself. */
  <T> T run(String what, Work<T> work) {
    return repeat(what, true, work);
  }

  /** Runs statements that take effect together, or not at all. */
  <T> T transaction(String what, Work<T> work) {
    return repeat(what, false, work);
  }

  private <T> T repeat(String what, boolean autoCommit, Work<T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(autoCommit, work);
      } catch (SQLException e) {
        if (attempt == ATTEMPTS || !wasTakenBack(e)) {
          throw failure(owner, what, e);
        }
      }
      LockSupport.parkNanos(attempt * BACK_OFF_NANOS);
    }
  }

  private <T> T once(boolean autoCommit, Work<T> work) throws SQLException {
    try (Lent lent = lend(autoCommit)) {
      T result = work.with(lent.connection());
      lent.commit();
      return result;
    }
  }

  /** Returns a connection: with {@code autoCommit}, or for statements that take effect together. */
  Lent lend(boolean autoCommit) throws SQLException {
    Connection connection = dataSource.getConnection();
    try {
      return new Lent(connection, autoCommit);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Returns whether there is a table with these columns that can be read. */
  static boolean hasTable(Connection connection, String table, String columns) {
    String sql = "SELECT " + columns + " FROM " + table + " WHERE 1 = 0";
    try (Statement statement = connection.createStatement()) {
      statement.executeQuery(sql).close();
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  /** Runs the statements that make the table, unless it is there. */
  static void createTable(
      Connection connection, String table, String columns, List<String> statements)
      throws SQLException {
    if (hasTable(connection, table, columns)) {
      return;
    }
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      if (!hasTable(connection, table, columns)) { // another process may have been faster
        throw e;
      }
    }
  }

  /** Changes rows and returns how many. */
  int update(Connection connection, String sql, Parameters parameters) throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters)) {
      return statement.executeUpdate();
    }
  }

  /**
   * Returns the statement so that it inserts nothing where there is a row with this key, as far as
   * the database knows how to say that; others refuse it.
   */
  String insertingIfAbsent(String insert) {
    return isPostgres ? insert + " ON CONFLICT DO NOTHING" : insert;
  }

  /** Inserts or changes a row; returns false if there is one with its key, or none to change. */
  boolean insertOrUpdate(Connection connection, String sql, Parameters parameters)
      throws SQLException {
    try {
      return update(connection, sql, parameters) > 0;
    } catch (SQLException e) {
      if (!isPostgres && isDuplicate(e)) {
        return false;
      }
      throw e;
    }
  }

  /** Executes one statement for several rows; returns how many each has changed. */
  int[] updateAll(Connection connection, String sql, List<? extends Parameters> each)
      throws SQLException {
    if (!isPostgres || each.size() == 1) {
      int[] changed = new int[each.size()];
      for (int i = 0; i < changed.length; i++) {
        changed[i] = insertOrUpdate(connection, sql, each.get(i)) ? 1 : 0;
      }
      return changed;
    }
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setQueryTimeout((int) queryTimeout.toSeconds());
      for (Parameters parameters : each) {
        parameters.set(statement);
        statement.addBatch();
      }
      return statement.executeBatch();
    }
  }

  /** Reads rows. */
  <T> T query(Connection connection, String sql, Parameters parameters, Rows<T> reader)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      return reader.read(rows);
    }
  }

  private PreparedStatement prepare(Connection connection, String sql, Parameters parameters)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      statement.setQueryTimeout((int) queryTimeout.toSeconds());
      parameters.set(statement);
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }

  /**
   * Returns a text of any length and letter case as 64 hex digits (SHA-256), which every database
   * compares alike. What a query string holds does not get into the database either.
   */
  static String hash(String text) {
    return HexFormat.of().formatHex(Hashes.sha256(text));
  }

  /** Returns whether a unique key was violated: a row with this key is there already. */
  static boolean isDuplicate(SQLException e) {
    return hasClass(e, "23");
  }

  /** Returns whether the database undid everything because of another transaction. */
  static boolean wasTakenBack(SQLException e) {
    return hasClass(e, "40") && !"40003".equals(e.getSQLState()); // 40003: it does not know
  }

  /** Returns whether the database refused what was written, and is sound. */
  static boolean isAboutOneRow(SQLException e) {
    return wasTakenBack(e) || hasClass(e, "22") || hasClass(e, "23") || hasClass(e, "42");
  }

  private static boolean hasClass(SQLException e, String sqlStateClass) {
    return e.getSQLState() != null && e.getSQLState().startsWith(sqlStateClass);
  }

  LedgerException failed(String what, SQLException e) {
    return failure(owner, what, e);
  }

  static LedgerException failure(String what, SQLException e) {
    return failure("the ledger", what, e);
  }

  static LedgerException failure(String owner, String what, SQLException e) {
    return new LedgerException(
        owner + "'s database failed at " + what + " (SQL state " + e.getSQLState() + ")", e);
  }

  /** A connection for as long as it is ours. Closing it gives it back with the settings it had. */
  final class Lent implements AutoCloseable {
    private final Connection connection;
    private final boolean autoCommit;
    private final boolean autoCommitBefore;
    private final int networkTimeoutBefore;
    private boolean isOpen;
    private int isolationBefore = Connection.TRANSACTION_READ_COMMITTED;

    private Lent(Connection connection, boolean autoCommit) throws SQLException {
      this.connection = connection;
      this.autoCommit = autoCommit;
      autoCommitBefore = connection.getAutoCommit();
      networkTimeoutBefore = hasNetworkTimeout ? connection.getNetworkTimeout() : 0;
      if (hasNetworkTimeout) { // for a server that is gone; it cannot keep a query timeout either
        connection.setNetworkTimeout(Runnable::run, (int) queryTimeout.plusSeconds(2).toMillis());
      }
      if (autoCommitBefore != autoCommit) {
        connection.setAutoCommit(autoCommit);
      }
      isOpen = !autoCommit;
    }

    Connection connection() {
      return connection;
    }

    /** Lets each statement see what was committed before it, whatever the database's default. */
    void readCommitted() throws SQLException {
      isolationBefore = connection.getTransactionIsolation();
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    void commit() throws SQLException {
      if (!autoCommit) {
        connection.commit();
        isOpen = false;
      }
    }

    @Override
    public void close() throws SQLException {
      try (connection) {
        if (isOpen) {
          connection.rollback();
        }
        if (isolationBefore != Connection.TRANSACTION_READ_COMMITTED) {
          connection.setTransactionIsolation(isolationBefore);
        }
        if (autoCommitBefore != autoCommit) {
          connection.setAutoCommit(autoCommitBefore);
        }
        if (hasNetworkTimeout) {
          connection.setNetworkTimeout(Runnable::run, networkTimeoutBefore);
        }
      }
    }
  }
}
