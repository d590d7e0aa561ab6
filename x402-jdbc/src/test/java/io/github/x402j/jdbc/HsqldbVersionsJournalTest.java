// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

/** With row versions in place of table locks. */
class HsqldbVersionsJournalTest extends HsqldbJournalTest {
  @Override
  String settings() {
    return ";hsqldb.tx=mvcc";
  }
}
