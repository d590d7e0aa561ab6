// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.ResourceInfo;
import io.github.x402j.gate.DiscoveryCatalog;
import io.github.x402j.testing.contract.DiscoveryCatalogContract;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

  @Test
  void showsTheRestWhereOneRowCannotBeRead() throws SQLException {
    DiscoveryCatalog catalog = emptyCatalog(10);
    catalog.put(resource("https://a.example/"));
    catalog.put(resource("https://b.example/"));
    database.execute("UPDATE x402_resource SET listing = '{' WHERE search_text LIKE '%a.example%'");
    assertThat(catalog.find(DiscoveryQuery.everything()).resources())
        .singleElement()
        .satisfies(each -> assertThat(each.resource().url()).isEqualTo("https://b.example/"));
    catalog.put(resource("https://a.example/"));
    assertThat(catalog.find(DiscoveryQuery.everything()).resources()).hasSize(2);
  }

  private static DiscoveredResource resource(String url) {
    return new DiscoveredResource(
        ResourceInfo.of(url), "http", 2, List.of(), List.of(), Instant.EPOCH, Map.of());
  }
}
