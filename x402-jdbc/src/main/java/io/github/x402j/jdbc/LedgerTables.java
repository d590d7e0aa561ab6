// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/** The tables: whether they are there and do what they are for, and how to make them. */
final class LedgerTables {
  private static final String SCRIPT = "x402-ledger.sql";
  private static final Address NOBODY = Address.parse("0x0000000000000000000000000000000000000000");

  /** Each with what is read from it; in the order of the script. */
  private static final Map<String, String> TABLES = new LinkedHashMap<>();

  static {
    TABLES.put("x402_store", "slot, id");
    TABLES.put("x402_instance", "id, lease_until");
    TABLES.put(
        "x402_payment",
        "network, asset, payer, nonce, binding_hash, state, deliveries, tx_hash, hold_id,"
            + " instance_id, keep_until");
    TABLES.put("x402_receipt", "id, taken, taken_back, keep_until");
    TABLES.put("x402_use", "hold_id, receipt_id, instance_id");
  }

  private LedgerTables() {}

  /** Makes the tables that are missing. */
  static void create(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(true);
      try {
        for (Map.Entry<String, String> table : TABLES.entrySet()) {
          Database.createTable(
              connection, table.getKey(), table.getValue(), statements(table.getKey()));
        }
      } finally {
        connection.setAutoCommit(autoCommit);
      }
    }
  }

  /** Returns the statements of the script that make the table and its indexes. */
  private static List<String> statements(String table) {
    return Arrays.stream(script().replaceAll("(?m)^--.*$", "").split(";"))
        .map(String::strip)
        .filter(sql -> sql.matches("(?s)CREATE (TABLE|INDEX \\w+ ON) " + table + " .*"))
        .toList();
  }

  private static String script() {
    try (InputStream in =
        Objects.requireNonNull(LedgerTables.class.getResourceAsStream(SCRIPT), SCRIPT)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes sure that the tables are there and refuse what they have to refuse.
   *
   * @throws IllegalStateException if not, saying which and what to run
   */
  static void require(DataSource dataSource, Database database) {
    try (Connection connection = dataSource.getConnection()) {
      List<String> missing =
          TABLES.entrySet().stream()
              .filter(table -> !Database.hasTable(connection, table.getKey(), table.getValue()))
              .map(table -> "table " + table.getKey() + " (" + table.getValue() + ")")
              .toList();
      if (!missing.isEmpty()) {
        throw new IllegalStateException(
            missing.stream()
                .collect(
                    Collectors.joining(
                        ", ",
                        "the payment ledger's database: missing, without one of its columns, or"
                            + " not to be read: ",
                        whatToRun())));
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the payment ledger's database cannot be read", e);
    }
    requireUniqueKeys(database);
  }

  private static String whatToRun() {
    return "; run "
        + LedgerTables.class.getPackageName().replace('.', '/')
        + "/"
        + SCRIPT
        + " from the jar of x402-jdbc, or call JdbcPaymentLedger.createTables(dataSource) once";
  }

  /**
   * A claim is safe only where the second of two is refused; so try it, with a key that no payment
   * has.
   */
  private static void requireUniqueKeys(Database database) {
    PaymentRows payments = new PaymentRows(database);
    String probe = UUID.randomUUID().toString();
    PaymentKey key =
        new PaymentKey(
            new Network(1), NOBODY, NOBODY, "0x" + probe.replace("-", "") + "0".repeat(32));
    boolean first = payments.insert(key, probe, "probe", probe, Instant.EPOCH);
    boolean second = payments.insert(key, probe, "probe", probe, Instant.EPOCH);
    boolean released = payments.release(key, probe);
    if (!first || second || !released) {
      throw new IllegalStateException(
          "the payment ledger's database: x402_payment has to have the primary key (network,"
              + " asset, payer, nonce), and takes a row with the same key twice"
              + whatToRun());
    }
  }
}
