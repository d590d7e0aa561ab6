// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.JournalStorage;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.testing.contract.SpendJournalContract;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a journal does in every database. */
abstract class JdbcJournalContract extends SpendJournalContract.Lasting {
  /** Returns the database of this test, empty at first. */
  abstract DataSource dataSource();

  /** Throws the database away. */
  abstract void drop() throws SQLException;

  @Override
  public SpendJournal open() throws IOException {
    return SpendJournal.on(JdbcJournal.open(dataSource()));
  }

  @AfterEach
  void dropIt() throws SQLException {
    drop();
  }

  @Test
  void refusesATableInWhichAnEntryWasChanged() throws Exception {
    Spender.wallet(journal(), "a", "$1");
    execute("UPDATE x402_journal_entry SET request_id = 'x'");
    assertThatThrownBy(this::journal)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("entry 1 is damaged");
  }

  @Test
  void onlyOneHasTheTurn() throws Exception {
    AgentWallet wallet = Spender.wallet(journal(), "a", "$0.000010");
    CountDownLatch done = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              wallet.remaining();
              done.countDown();
            });
    try (JournalStorage.Turn turn = JdbcJournal.open(dataSource()).begin()) {
      other.start();
      assertThat(done.await(300, TimeUnit.MILLISECONDS)).as("waits for its turn").isFalse();
    }
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void paysNothingWhileTheDatabaseIsAway() throws Exception {
    SpendJournalContract.CountingSigner signer = new SpendJournalContract.CountingSigner();
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
                  return dataSource().getConnection();
                });
    Spender spender = new Spender(revocable(SpendJournal.on(JdbcJournal.open(flaky)), signer));
    spender.pay(1);
    away[0] = true;
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(IOException.class);
    away[0] = false;
    spender.pay(1);
    assertThat(signer.signatures()).isEqualTo(2);
  }

  final void execute(String sql) throws SQLException {
    try (Connection connection = dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
