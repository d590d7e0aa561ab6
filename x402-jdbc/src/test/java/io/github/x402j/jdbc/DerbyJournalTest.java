// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.apache.derby.jdbc.EmbeddedConnectionPoolDataSource;
import org.apache.derby.jdbc.EmbeddedDataSource;
import org.h2.jdbcx.JdbcConnectionPool;

class DerbyJournalTest extends JdbcJournalContract {
  static {
    System.setProperty("derby.stream.error.field", "java.lang.System.err");
  }

  private final EmbeddedConnectionPoolDataSource database = new EmbeddedConnectionPoolDataSource();
  private final JdbcConnectionPool pool = JdbcConnectionPool.create(database); // H2's, of anything

  DerbyJournalTest() {
    database.setDatabaseName("memory:" + UUID.randomUUID());
    database.setCreateDatabase("create");
  }

  @Override
  DataSource dataSource() {
    return pool;
  }

  @Override
  void drop() {
    pool.dispose();
    EmbeddedDataSource end = new EmbeddedDataSource();
    end.setDatabaseName(database.getDatabaseName());
    end.setConnectionAttributes("drop=true");
    try {
      end.getConnection().close();
    } catch (SQLException e) {
      if (!"08006".equals(e.getSQLState())) { // by which it says that it is done
        throw new IllegalStateException(e);
      }
    }
  }
}
