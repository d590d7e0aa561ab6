// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** The tables: whether they are there and do what they are for, and how to make them. */
final class LedgerTables {
  private static final Address NOBODY = Address.parse("0x0000000000000000000000000000000000000000");

  /** Each with what is read from it; in the order of the script. */
  private static final Map<String, String> TABLES = new LinkedHashMap<>();

  static {
    TABLES.put("x402_store", "slot, id");
    TABLES.put("x402_instance", "id, lease_until");
    TABLES.put(
        "x402_payment",
        "network, asset, payer, nonce, binding_hash, state, deliveries, delivered_at, tx_hashes, hold_id,"
            + " instance_id, keep_until");
    TABLES.put("x402_receipt", "id, taken, taken_back, keep_until");
    TABLES.put("x402_use", "hold_id, receipt_id, instance_id");
  }

  private static final SchemaScript SCRIPT =
      new SchemaScript(
          "x402-ledger.sql",
          "the payment ledger",
          "JdbcPaymentLedger.createTables(dataSource)",
          TABLES);

  private LedgerTables() {}

  /** Makes the tables that are missing. */
  static void create(DataSource dataSource) throws SQLException {
    SCRIPT.create(dataSource);
  }

  /**
   * Makes sure that the tables are there and refuse what they have to refuse.
   *
   * @throws IllegalStateException if not, saying which and what to run
   */
  static void require(DataSource dataSource, Database database) {
    SCRIPT.require(dataSource);
    requireUniqueKeys(database);
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
              + SCRIPT.whatToRun());
    }
  }
}
