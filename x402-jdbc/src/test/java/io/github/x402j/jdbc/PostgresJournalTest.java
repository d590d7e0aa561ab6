// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.postgresql.ds.PGPoolingDataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** On a PostgreSQL that is there already. */
@EnabledIfSystemProperty(
    named = "x402.postgres",
    matches = "jdbc:postgresql:.+",
    disabledReason = "SKIPPED: no PostgreSQL; -Dx402.postgres=jdbc:postgresql://... names one")
class PostgresJournalTest extends JdbcJournalContract {
  private final String schema = "x402_" + UUID.randomUUID().toString().replace("-", "");
  private final PGSimpleDataSource server = new PGSimpleDataSource();

  @SuppressWarnings("deprecation") // a pool that keeps to the driver's jar is all that is needed
  private final PGPoolingDataSource pool = new PGPoolingDataSource();

  PostgresJournalTest() throws SQLException {
    server.setUrl(System.getProperty("x402.postgres"));
    try (Connection connection = server.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA " + schema);
    }
    pool.setDataSourceName(schema);
    pool.setUrl(System.getProperty("x402.postgres"));
    pool.setCurrentSchema(schema);
    pool.setMaxConnections(16);
  }

  @Override
  DataSource dataSource() {
    return pool;
  }

  @Override
  void drop() throws SQLException {
    pool.close();
    try (Connection connection = server.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("DROP SCHEMA " + schema + " CASCADE");
    }
  }
}
