// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.apache.derby.jdbc.EmbeddedDataSource;

class DerbyPaymentLedgerTest extends JdbcPaymentLedgerContract {
  static {
    System.setProperty("derby.stream.error.file", "target/derby.log");
    System.setProperty("derby.locks.deadlockTimeout", "1"); // 20 s otherwise
    System.setProperty("derby.locks.waitTimeout", "30");
  }

  private final EmbeddedDataSource database = new EmbeddedDataSource();

  DerbyPaymentLedgerTest() {
    database.setDatabaseName("memory:" + UUID.randomUUID());
    database.setCreateDatabase("create");
  }

  @Override
  DataSource dataSource() {
    return database;
  }

  @Override
  void drop() {
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
