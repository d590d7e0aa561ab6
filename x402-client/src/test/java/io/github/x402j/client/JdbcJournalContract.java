// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
  SpendJournal open() throws IOException {
    return SpendJournal.jdbc(dataSource());
  }

  @AfterEach
  void dropIt() throws SQLException {
    drop();
  }

  @Test
  void refusesATableInWhichALineWasChanged() throws Exception {
    Purse.wallet(journal(), "a", "$1", CLOCK);
    execute("UPDATE x402_journal SET line = 'x'");
    assertThatThrownBy(this::journal)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("line 1");
  }

  /** Of two that have not seen each other's lines, one waits until the other has written. */
  @Test
  void whoeverDecidesIsAlone() throws Exception {
    AgentWallet one = Purse.wallet(journal(), "a", "$0.000010", CLOCK);
    AgentWallet other = Purse.wallet(journal(), "a", "$0.000010", CLOCK);
    CountDownLatch decides = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    CountDownLatch otherIsDone = new CountDownLatch(1);
    Thread first =
        new Thread(
            () -> {
              try {
                one.journal()
                    .decide(
                        (book, entries) -> {
                          decides.countDown();
                          return awaited(mayGoOn);
                        });
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    Thread second =
        new Thread(
            () -> {
              other.remaining();
              otherIsDone.countDown();
            });
    first.start();
    assertThat(decides.await(10, TimeUnit.SECONDS)).isTrue();
    second.start();
    assertThat(otherIsDone.await(300, TimeUnit.MILLISECONDS)).as("waits for its turn").isFalse();
    mayGoOn.countDown();
    assertThat(otherIsDone.await(10, TimeUnit.SECONDS)).isTrue();
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
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
                  return dataSource().getConnection();
                });
    Purse purse = new Purse(revocable(SpendJournal.jdbc(flaky), signer), CLOCK);
    purse.pay(1);
    away[0] = true;
    assertThatThrownBy(() -> purse.pay(1)).isInstanceOf(IOException.class);
    away[0] = false;
    purse.pay(1);
    assertThat(signer.signatures).hasValue(2);
  }

  final void execute(String sql) throws SQLException {
    try (Connection connection = dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
