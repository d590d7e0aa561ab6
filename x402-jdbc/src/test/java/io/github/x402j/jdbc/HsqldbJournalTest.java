// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.hsqldb.jdbc.JDBCPool;

class HsqldbJournalTest extends JdbcJournalContract {
  private final JDBCPool pool = new JDBCPool(20);

  HsqldbJournalTest() {
    pool.setUrl("jdbc:hsqldb:mem:" + UUID.randomUUID() + settings());
    pool.setUser("SA");
    pool.setPassword("");
  }

  /** Returns how transactions are kept apart; by table locks by default. */
  String settings() {
    return "";
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
