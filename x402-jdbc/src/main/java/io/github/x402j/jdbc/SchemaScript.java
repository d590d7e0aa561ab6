// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * A script in this package of the jar that makes tables: runs what is missing, and finds out
 * whether all is there.
 *
 * @param name the file
 * @param owner what the tables are for, in messages
 * @param creator the call that makes them, in messages
 * @param tables each with the columns that are read from it, in the order of the script
 */
record SchemaScript(String name, String owner, String creator, Map<String, String> tables) {

  /** Makes the tables that are missing. */
  void create(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(true);
      try {
        for (Map.Entry<String, String> table : tables.entrySet()) {
          Database.createTable(
              connection, table.getKey(), table.getValue(), statements(table.getKey()));
        }
      } finally {
        connection.setAutoCommit(autoCommit);
      }
    }
  }

  /** Returns the statements of the script that make the table and its indexes. */
  private List<String> statements(String table) {
    return Arrays.stream(text().replaceAll("(?m)^--.*$", "").split(";"))
        .map(String::strip)
        .filter(sql -> sql.matches("(?s)CREATE (TABLE|INDEX \\w+ ON) " + table + " .*"))
        .toList();
  }

  private String text() {
    try (InputStream in =
        Objects.requireNonNull(SchemaScript.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes sure that the tables are there.
   *
   * @throws IllegalStateException if not, saying which and what to run
   */
  void require(DataSource dataSource) {
    try (Connection connection = dataSource.getConnection()) {
      List<String> missing =
          tables.entrySet().stream()
              .filter(table -> !Database.hasTable(connection, table.getKey(), table.getValue()))
              .map(table -> "table " + table.getKey() + " (" + table.getValue() + ")")
              .toList();
      if (!missing.isEmpty()) {
        throw new IllegalStateException(
            missing.stream()
                .collect(
                    Collectors.joining(
                        ", ",
                        owner
                            + "'s database: missing, without one of its columns, or not to be"
                            + " read: ",
                        whatToRun())));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(owner + "'s database cannot be read", e);
    }
  }

  /** Returns the end of a message about tables that are not as they have to be. */
  String whatToRun() {
    return "; run "
        + SchemaScript.class.getPackageName().replace('.', '/')
        + "/"
        + name
        + " from the jar of x402-jdbc, or call "
        + creator
        + " once";
  }
}
