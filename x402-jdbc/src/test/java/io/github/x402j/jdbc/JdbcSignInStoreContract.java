// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.SignInStore.Bought;
import io.github.x402j.testing.contract.SignInStoreContract;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the store does on every database: alone, beside another server, and after a restart. */
abstract class JdbcSignInStoreContract extends SignInStoreContract {
  private static final Instant NOON = Instant.parse("2026-11-03T12:00:00Z");
  private static final String ITEM = "ab".repeat(32);
  private static final Address PAYER = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");

  private final List<AutoCloseable> open = new ArrayList<>();
  final TestDatabase database = database();

  /** Returns the database of this test, empty at first. */
  abstract TestDatabase database();

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcSignInStore.createTables(database.dataSource());
    JdbcSignInStore.createTables(database.dataSource()); // leaves tables that are there
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    database.drop();
  }

  @Override
  public JdbcSignInStore emptyStore() {
    JdbcSignInStore store = JdbcSignInStore.open(database.dataSource());
    open.add(store);
    return store;
  }

  @Test
  void serversShareTheKeyThePurchasesAndTheUsedNonces() {
    JdbcSignInStore one = emptyStore();
    JdbcSignInStore other = emptyStore();
    assertThat(other.nonceKey()).isEqualTo(one.nonceKey());
    one.record(new Bought(ITEM, PAYER, Network.BASE, NOON.plusSeconds(60)));
    assertThat(other.boughtOn(ITEM, PAYER, NOON)).containsExactly(Network.BASE);
    assertThat(one.use("nonce0001", NOON.plusSeconds(60), NOON)).isTrue();
    assertThat(other.use("nonce0001", NOON.plusSeconds(60), NOON)).isFalse();
  }

  @Test
  void whatIsOverIsDeletedAndNothingElse() throws SQLException {
    JdbcSignInStore store = emptyStore();
    store.deleteEnded(NOON); // what the start has tried
    for (int i = 0; i < 700; i++) { // more than one step
      store.use("nonce" + (1000 + i), NOON.plusSeconds(i < 600 ? 0 : 1), NOON);
    }
    store.record(new Bought(ITEM, PAYER, Network.BASE, NOON));
    store.record(new Bought(ITEM, PAYER, Network.POLYGON, NOON.plusSeconds(1)));
    store.deleteEnded(NOON);
    assertThat(database.count("x402_sign_in_nonce")).isEqualTo(100);
    assertThat(database.count("x402_sign_in")).isEqualTo(1);
    assertThat(store.boughtOn(ITEM, PAYER, NOON)).containsExactly(Network.POLYGON);
  }

  @Test
  void tablesThatAreMissingOrTakeANonceTwiceFailTheStart() throws SQLException {
    database.execute("DROP TABLE x402_sign_in_nonce");
    assertThatThrownBy(this::emptyStore)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("x402_sign_in_nonce")
        .hasMessageContaining("createTables");
    database.execute(
        "CREATE TABLE x402_sign_in_nonce (nonce VARCHAR(128) NOT NULL, keep_until BIGINT)");
    assertThatThrownBy(this::emptyStore)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("primary key (nonce)");
  }

  @Test
  void aDatabaseThatFailsIsToldAsALedgerThatFails() throws SQLException {
    JdbcSignInStore store = emptyStore();
    database.execute("DROP TABLE x402_sign_in");
    assertThatThrownBy(() -> store.boughtOn(ITEM, PAYER, NOON))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("sign-in store");
  }
}
