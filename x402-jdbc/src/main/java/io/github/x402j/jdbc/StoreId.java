// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.gate.LedgerException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/** The name of the store, in the one row of its table: the ledger that comes first writes it. */
final class StoreId {
  private static final int SLOT = 1;
  private static final String SELECT = "SELECT id FROM x402_store WHERE slot = ?";
  private static final String INSERT = "INSERT INTO x402_store (slot, id) VALUES (?, ?)";

  private StoreId() {}

  static String of(Database database) {
    Optional<String> known = find(database);
    if (known.isPresent()) {
      return known.get();
    }
    String mine = UUID.randomUUID().toString();
    database.run("naming the store", connection -> insert(database, connection, mine));
    return find(database)
        .orElseThrow(() -> new LedgerException("the ledger's database does not keep its name"));
  }

  private static Optional<String> find(Database database) {
    return database.run(
        "reading the store's name",
        connection ->
            database.query(
                connection,
                SELECT,
                row -> row.setInt(1, SLOT),
                rows -> rows.next() ? Optional.of(rows.getString(1)) : Optional.empty()));
  }

  /** Leaves the row alone that another ledger has written meanwhile. */
  private static int insert(Database database, Connection connection, String id)
      throws SQLException {
    try {
      return database.update(
          connection,
          INSERT,
          row -> {
            row.setInt(1, SLOT);
            row.setString(2, id);
          });
    } catch (SQLException e) {
      if (Database.isDuplicate(e)) {
        return 0;
      }
      throw e;
    }
  }
}
