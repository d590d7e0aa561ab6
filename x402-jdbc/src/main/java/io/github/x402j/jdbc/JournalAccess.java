// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.function.Consumer;

/** How a journal gets at its database: the turns to write, and connections to read. */
interface JournalAccess extends Closeable {
  /** The exclusive right to write, in a transaction. Closing it undoes what was not committed. */
  interface Held extends AutoCloseable {
    /** Returns the statement, with no parameters set. It is closed with this, or kept for later. */
    PreparedStatement statement(String sql) throws SQLException;

    /** Tells that a statement failed: none that was given out before may be used again. */
    void failed();

    void commit() throws SQLException;

    @Override
    void close() throws SQLException;
  }

  /** Waits for the exclusive right to write. */
  Held hold() throws SQLException, IOException;

  /** Returns a connection to read what was committed; closing it gives it back. */
  Connection reading() throws SQLException;

  /** Returns when nothing that was committed before can be lost. */
  void makeDurable() throws IOException;

  /** Names each damage that the database finds in itself. */
  void check(Consumer<String> damage) throws IOException;

  /** Writes a copy. */
  void backup(Path file) throws IOException;
}
