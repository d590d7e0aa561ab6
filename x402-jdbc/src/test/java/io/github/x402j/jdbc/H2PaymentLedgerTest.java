// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;

class H2PaymentLedgerTest extends JdbcPaymentLedgerContract {
  private final JdbcConnectionPool pool =
      JdbcConnectionPool.create(
          "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000", "sa", "");

  @Override
  DataSource dataSource() {
    return pool;
  }

  @Override
  void drop() throws SQLException {
    execute("SHUTDOWN");
    pool.dispose();
  }
}
