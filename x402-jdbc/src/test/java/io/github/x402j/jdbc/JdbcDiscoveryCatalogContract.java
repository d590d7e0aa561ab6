// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.gate.DiscoveryCatalog;
import io.github.x402j.testing.contract.DiscoveryCatalogContract;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the catalog does on every database. */
abstract class JdbcDiscoveryCatalogContract extends DiscoveryCatalogContract {
  final TestDatabase database = database();

  /** Returns the database of this test, empty at first. */
  abstract TestDatabase database();

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcDiscoveryCatalog.createTables(database.dataSource());
    JdbcDiscoveryCatalog.createTables(database.dataSource()); // leaves a table that is there
  }

  @AfterEach
  void drop() throws SQLException {
    database.drop();
  }

  @Override
  public DiscoveryCatalog emptyCatalog(int capacity) {
    return JdbcDiscoveryCatalog.open(database.dataSource(), capacity);
  }

  @Test
  void saysWhatToRunWhereTheTableIsMissing() throws SQLException {
    database.execute("DROP TABLE x402_resource");
    assertThatThrownBy(() -> emptyCatalog(10))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the catalog's database: missing")
        .hasMessageContaining("x402-discovery.sql")
        .hasMessageEndingWith("or call JdbcDiscoveryCatalog.createTables(dataSource) once");
  }
}
