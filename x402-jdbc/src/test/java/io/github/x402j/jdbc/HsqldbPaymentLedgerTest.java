// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.hsqldb.jdbc.JDBCPool;

class HsqldbPaymentLedgerTest extends JdbcPaymentLedgerContract {
  private final JDBCPool pool = new JDBCPool(20);

  HsqldbPaymentLedgerTest() {
    pool.setUrl("jdbc:hsqldb:mem:" + UUID.randomUUID());
    pool.setUser("SA");
    pool.setPassword("");
  }

  @Override
  DataSource dataSource() {
    return pool;
  }

  @Override
  void drop() throws SQLException {
    execute("SHUTDOWN");
    pool.close(0);
  }
}
