// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** On a PostgreSQL that is there already; CI starts one where it finds the program. */
@EnabledIfSystemProperty(
    named = "x402.postgres",
    matches = "jdbc:postgresql:.+",
    disabledReason = "SKIPPED: no PostgreSQL; -Dx402.postgres=jdbc:postgresql://... names one")
class PostgresDiscoveryCatalogTest extends JdbcDiscoveryCatalogContract {
  @Override
  TestDatabase database() {
    return TestDatabase.postgres();
  }
}
