// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentKey;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.jdbc.GroupWrites.Statement;
import io.github.x402j.testing.contract.PaymentLedgerContract;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who writes with whom. The contracts test what is written. */
@Timeout(60)
class GroupWritesTest {
  private static final int WAITING = 30;
  private static final Statement NOTHING =
      new Statement("UPDATE x402_store SET id = 'none' WHERE slot = 77", row -> {});

  private final TestDatabase h2 = TestDatabase.h2();
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final AtomicInteger commits = new AtomicInteger();
  private final AtomicInteger alone = new AtomicInteger();
  private final CountDownLatch first = new CountDownLatch(2);
  private final CountDownLatch open = new CountDownLatch(1);
  private volatile boolean losesCommits;
  private Database database;
  private PaymentRows rows;
  private GroupWrites writes;

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcPaymentLedger.createTables(h2.dataSource());
    database = Database.at(watched(), Duration.ofSeconds(5));
    rows = new PaymentRows(database);
    writes = new GroupWrites(database);
  }

  @AfterEach
  void drop() throws SQLException {
    callers.shutdownNow();
    h2.end().run();
  }

  private DataSource watched() {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> watched(h2.dataSource().getConnection()));
  }

  private Connection watched(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("commit")) {
                if (losesCommits) {
                  throw new SQLException("the connection broke", "08007");
                }
                commits.incrementAndGet();
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private GroupWrites.Write claim(int number, List<Statement> beside) {
    PaymentKey key = PaymentLedgerContract.key(number);
    Statement claiming = rows.claiming(key, "hold", "binding", "instance", Instant.EPOCH);
    return new GroupWrites.Write(
        key,
        claiming,
        beside,
        () -> {
          alone.incrementAndGet();
          return rows.make("claiming", claiming);
        });
  }

  /** Lets two callers write, each alone, and others come meanwhile. */
  private List<CompletableFuture<Boolean>> makeAtOnce(List<GroupWrites.Write> waiting)
      throws InterruptedException {
    List<CompletableFuture<Boolean>> made = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      GroupWrites.Write slow =
          new GroupWrites.Write(
              PaymentLedgerContract.key(1000 + i),
              NOTHING,
              List.of(),
              () -> {
                first.countDown();
                return awaitOpen();
              });
      made.add(CompletableFuture.supplyAsync(() -> writes.make(slow), callers));
    }
    first.await();
    for (GroupWrites.Write each : waiting) {
      made.add(CompletableFuture.supplyAsync(() -> writes.make(each), callers));
    }
    while (writes.waiting() < waiting.size()) {
      Thread.onSpinWait();
    }
    open.countDown();
    return made;
  }

  private boolean awaitOpen() {
    try {
      open.await();
      return true;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<GroupWrites.Write> claims(List<Statement> besideOfOne) {
    List<GroupWrites.Write> claims = new ArrayList<>();
    for (int i = 0; i < WAITING; i++) {
      claims.add(claim(i, i == 3 ? besideOfOne : List.of()));
    }
    return claims;
  }

  @Test
  void writesForAllThatWaitInOneTransaction() throws Exception {
    rows.make("claiming", claim(5, List.of()).change()); // is there already

    List<CompletableFuture<Boolean>> made = makeAtOnce(claims(List.of()));

    for (int i = 0; i < WAITING; i++) {
      assertThat(made.get(2 + i).join()).as("claim %d", i).isEqualTo(i != 5);
    }
    assertThat(commits.get()).isBetween(1, 2);
    assertThat(alone.get()).isLessThan(2);
  }

  @Test
  void letsEachWriteAloneWhereOneCannotBeWrittenWithTheOthers() throws Exception {
    List<List<Statement>> impossible =
        List.of(
            List.of(NOTHING, NOTHING),
            List.of(new Statement("INSERT INTO x402_store (slot) VALUES (1)", r -> {}), NOTHING));
    for (CompletableFuture<Boolean> each : makeAtOnce(claims(impossible.get(0)))) {
      assertThat(each.join()).isTrue();
    }
    for (int i = 0; i < WAITING; i++) {
      assertThat(rows.find(PaymentLedgerContract.key(i))).as("claim %d", i).isPresent();
    }
    List<GroupWrites.Result> results =
        writes.make(List.of(claim(100, impossible.get(1)), claim(101, List.of())));
    assertThat(results).allMatch(GroupWrites.Result::isMade);
  }

  @Test
  void failsAllWhereItIsNotKnownWhetherTheTransactionTookEffect() throws Exception {
    losesCommits = true;
    List<GroupWrites.Result> results =
        writes.make(List.of(claim(1, List.of()), claim(2, List.of())));
    assertThat(results)
        .allMatch(result -> !result.isMade() && result.failure() instanceof LedgerException);
    assertThat(alone).hasValue(0);
  }

  @Test
  void writesAtOnceWhatIsAlone() {
    assertThat(writes.make(claim(1, List.of()))).isTrue();
    assertThat(alone).hasValue(1);
    assertThat(commits).hasValue(0); // each statement by itself: one round trip
  }
}
