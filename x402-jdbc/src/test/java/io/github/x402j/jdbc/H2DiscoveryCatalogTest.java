// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

class H2DiscoveryCatalogTest extends JdbcDiscoveryCatalogContract {
  @Override
  TestDatabase database() {
    return TestDatabase.h2();
  }
}
