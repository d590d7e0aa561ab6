// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.client.wallet.JournalFileOpener;
import io.github.x402j.client.wallet.JournalStorage;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens a file of SQLite for {@code SpendJournal.file}. Applications call that; it finds this class
 * by {@link java.util.ServiceLoader}. Needs {@code org.xerial:sqlite-jdbc} on the class path.
 *
 * <p>The tables are those of {@link JdbcJournal}, in a database with a write-ahead log. Any number
 * of processes of one machine share it.
 */
public final class SqliteJournal implements JournalFileOpener {
  /** For the service loader. */
  public SqliteJournal() {}

  @Override
  public JournalStorage open(Path file) throws IOException {
    return new JdbcJournal(SqliteAccess.open(file.toAbsolutePath()));
  }
}
