// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import javax.sql.DataSource;
import org.apache.derby.jdbc.EmbeddedDataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.hsqldb.jdbc.JDBCPool;
import org.postgresql.ds.PGPoolingDataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** An empty database for one test. */
record TestDatabase(DataSource dataSource, Drop end) {

  /** Throws it away. */
  interface Drop {
    void run() throws SQLException;
  }

  static TestDatabase h2() {
    JdbcConnectionPool pool =
        JdbcConnectionPool.create(
            "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000", "sa", "");
    return new TestDatabase(
        pool,
        () -> {
          execute(pool, "SHUTDOWN");
          pool.dispose();
        });
  }

  static TestDatabase hsqldb() {
    JDBCPool pool = new JDBCPool(20);
    pool.setUrl("jdbc:hsqldb:mem:" + UUID.randomUUID());
    pool.setUser("SA");
    pool.setPassword("");
    return new TestDatabase(
        pool,
        () -> {
          execute(pool, "SHUTDOWN");
          pool.close(0);
        });
  }

  static TestDatabase derby() {
    System.setProperty("derby.stream.error.file", "target/derby.log");
    System.setProperty("derby.locks.deadlockTimeout", "1"); // 20 s otherwise
    System.setProperty("derby.locks.waitTimeout", "30");
    EmbeddedDataSource database = new EmbeddedDataSource();
    database.setDatabaseName("memory:" + UUID.randomUUID());
    database.setCreateDatabase("create");
    return new TestDatabase(database, () -> dropDerby(database.getDatabaseName()));
  }

  private static void dropDerby(String name) {
    EmbeddedDataSource end = new EmbeddedDataSource();
    end.setDatabaseName(name);
    end.setConnectionAttributes("drop=true");
    try {
      end.getConnection().close();
    } catch (SQLException e) {
      if (!"08006".equals(e.getSQLState())) { // by which it says that it is done
        throw new IllegalStateException(e);
      }
    }
  }

  /** Returns a schema of its own in the PostgreSQL that a system property names. */
  @SuppressWarnings("deprecation") // a pool that keeps to the driver's jar is all that is needed
  static TestDatabase postgres() {
    String schema = "x402_" + UUID.randomUUID().toString().replace("-", "");
    String url = System.getProperty("x402.postgres");
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(url);
    PGPoolingDataSource pool = new PGPoolingDataSource();
    pool.setDataSourceName(schema);
    pool.setUrl(url);
    pool.setCurrentSchema(schema);
    pool.setMaxConnections(16);
    try {
      execute(server, "CREATE SCHEMA " + schema);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new TestDatabase(
        pool,
        () -> {
          pool.close();
          execute(server, "DROP SCHEMA " + schema + " CASCADE");
        });
  }

  void drop() throws SQLException {
    end.run();
  }

  void execute(String sql) throws SQLException {
    execute(dataSource, sql);
  }

  private static void execute(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  long count(String table) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
