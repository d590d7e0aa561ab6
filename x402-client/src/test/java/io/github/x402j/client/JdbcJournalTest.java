// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JdbcJournalTest extends SpendJournalContract.Lasting {
  private final JdbcConnectionPool pool =
      JdbcConnectionPool.create(
          "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=60000", "sa", "");

  @Override
  SpendJournal open() throws IOException {
    return SpendJournal.jdbc(pool);
  }

  @AfterEach
  void close() throws SQLException {
    try (Connection connection = pool.getConnection()) {
      connection.createStatement().execute("SHUTDOWN");
    }
    pool.dispose();
  }

  @Test
  void refusesATableInWhichALineWasChanged() throws Exception {
    Purse.wallet(journal(), "a", "$1", CLOCK);
    execute("UPDATE x402_journal SET line = REPLACE(line, 'limit=%241', 'limit=%249')");
    assertThatThrownBy(this::journal)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 1");
  }

  @Test
  void paysNothingWhileTheDatabaseIsAway() throws Exception {
    Purse.CountingSigner signer = new Purse.CountingSigner();
    boolean[] away = {false};
    DataSource flaky =
        (DataSource)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, args) -> {
                  if (away[0]) {
                    throw new SQLException("away");
                  }
                  return pool.getConnection();
                });
    Purse purse = new Purse(revocable(SpendJournal.jdbc(flaky), signer), CLOCK);
    purse.pay(1);
    away[0] = true;
    assertThatThrownBy(() -> purse.pay(1)).isInstanceOf(IOException.class);
    away[0] = false;
    purse.pay(1);
    org.assertj.core.api.Assertions.assertThat(signer.signatures).hasValue(2);
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = pool.getConnection()) {
      connection.createStatement().execute(sql);
    }
  }
}
