// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger.Claim;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.postgresql.ds.PGPoolingDataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** On a PostgreSQL that is there already; CI starts one where it finds the program. */
@EnabledIfSystemProperty(
    named = "x402.postgres",
    matches = "jdbc:postgresql:.+",
    disabledReason = "SKIPPED: no PostgreSQL; -Dx402.postgres=jdbc:postgresql://... names one")
class PostgresPaymentLedgerTest extends JdbcPaymentLedgerContract {
  private final String schema = "x402_" + UUID.randomUUID().toString().replace("-", "");
  private final PGSimpleDataSource server = new PGSimpleDataSource();

  @SuppressWarnings("deprecation") // a pool that keeps to the driver's jar is all that is needed
  private final PGPoolingDataSource pool = new PGPoolingDataSource();

  PostgresPaymentLedgerTest() throws SQLException {
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

  @Test
  void givesUpAStatementThatTakesTooLong() throws Exception {
    JdbcPaymentLedger ledger =
        JdbcPaymentLedger.builder(pool).queryTimeout(Duration.ofSeconds(1)).open();
    ledger.claim(key(1), "GET /a", later());
    try (Connection blocking = pool.getConnection()) {
      blocking.setAutoCommit(false);
      try (Statement statement = blocking.createStatement()) {
        statement.execute("UPDATE x402_payment SET keep_until = keep_until + 1");
      }
      long start = System.nanoTime();
      assertThatThrownBy(() -> ledger.delivered(key(1))).isInstanceOf(LedgerException.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
      blocking.rollback();
    }
    Claim claim = ledger.claim(key(1), "GET /a", later());
    for (int i = 0; i < 100 && claim instanceof Claim.InProgress; i++) {
      Thread.sleep(50);
      claim = ledger.claim(key(1), "GET /a", later());
    }
    assertThat(claim).isEqualTo(new Claim.Resumed(List.of()));
    ledger.close();
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
