// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentLedger.Claim;
import io.github.x402j.gate.PaymentLedger.State;
import io.github.x402j.gate.PaymentLedger.Use;
import io.github.x402j.testing.MutableClock;
import io.github.x402j.testing.contract.PaymentLedgerContract;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the ledger does on every database, alone, beside another and after one that has died. */
abstract class JdbcPaymentLedgerContract extends PaymentLedgerContract {
  static final String TX = "0x" + "cd".repeat(32);

  private final List<JdbcPaymentLedger> open = Collections.synchronizedList(new ArrayList<>());
  private final MutableClock clock = new MutableClock();
  private final MutableClock slowClock = new MutableClock();

  /** Returns the database of this test, empty at first. */
  abstract DataSource dataSource();

  /** Throws the database away. */
  abstract void drop() throws SQLException;

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcPaymentLedger.createTables(dataSource());
  }

  @AfterEach
  void close() throws SQLException {
    open.forEach(JdbcPaymentLedger::close);
    drop();
  }

  @Override
  public PaymentLedger emptyLedger() {
    return ledger(Clock.systemUTC());
  }

  private JdbcPaymentLedger ledger(Clock itsClock) {
    JdbcPaymentLedger ledger = JdbcPaymentLedger.builder(dataSource()).clock(itsClock).open();
    open.add(ledger);
    return ledger;
  }

  /** Returns a ledger whose process is paused: its clock stands still. */
  private JdbcPaymentLedger pausing() {
    return ledger(slowClock);
  }

  private Instant soon() {
    return clock.instant().plusSeconds(600);
  }

  private void leaseRunsOut() {
    clock.advance(JdbcPaymentLedger.DEFAULT_LEASE);
  }

  long count(String table) throws SQLException {
    try (Connection connection = dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM " + table)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = dataSource().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** A gauge reads it often, and the table may be large. */
  @Test
  void countsItsPaymentsNowAndThenAndUpToALimit() throws SQLException {
    JdbcPaymentLedger ledger = ledger(clock);
    EntryCount three = new EntryCount(Database.at(dataSource(), Duration.ofSeconds(5)), 3);
    assertThat(ledger.entries()).hasValue(0);
    assertThat(three.get()).isZero();

    for (int i = 1; i <= 4; i++) {
      ledger.claim(key(i), "binding", soon());
      three.refresh();
      assertThat(three.get()).isEqualTo(Math.min(i, 3));
    }

    assertThat(ledger.entries()).as("of this minute").hasValue(0);
    execute("DELETE FROM x402_payment");
    three.refresh();
    three.refresh();
    ledger.claim(key(1), "binding", soon());
    three.refresh();
    assertThat(three.get()).as("while nothing asked").isZero();
  }

  // ---- two instances

  @Test
  void grantsAnAuthorizationToOneOfTwoInstances() {
    JdbcPaymentLedger one = ledger(clock);
    JdbcPaymentLedger other = ledger(clock);
    assertThat(one.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Granted());
    assertThat(other.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.empty()));
    one.settling(key(1), TX);
    assertThat(other.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX)));
    assertThat(other.claim(key(1), "GET /b", soon())).isEqualTo(new Claim.Used());
    one.suspend(key(1));
    assertThat(other.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Resumed(List.of(TX)));
    other.delivered(key(1));
    assertThat(one.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
  }

  @Test
  void grantsEachOfManyAuthorizationsOnceToTwoInstancesThatRace() throws Exception {
    List<JdbcPaymentLedger> both = List.of(ledger(clock), ledger(clock));
    AtomicInteger granted = new AtomicInteger();
    AtomicInteger delivered = new AtomicInteger();
    atOnce(
        16,
        number -> {
          for (int i = 0; i < 100; i++) {
            JdbcPaymentLedger ledger = both.get((number + i) % 2);
            Claim claim = ledger.claim(key(i), "GET /a", soon());
            if (claim instanceof Claim.Granted) {
              granted.incrementAndGet();
              ledger.settling(key(i), TX);
              ledger.suspend(key(i));
            } else if (claim instanceof Claim.Resumed) {
              ledger.delivered(key(i));
              delivered.incrementAndGet();
            }
          }
        });
    assertThat(granted).hasValue(100);
    assertThat(delivered).hasValueLessThanOrEqualTo(100).hasPositiveValue();
    for (int i = 0; i < 100; i++) {
      if (both.get(0).claim(key(i), "GET /a", soon()) instanceof Claim.Resumed) {
        both.get(0).delivered(key(i));
        delivered.incrementAndGet();
      }
    }
    assertThat(delivered).hasValue(100);
  }

  @Test
  void countsTheUsesOfAReceiptExactlyOverTwoInstancesThatRace() throws Exception {
    List<JdbcPaymentLedger> both = List.of(ledger(clock), ledger(clock));
    AtomicInteger delivered = new AtomicInteger();
    atOnce(
        16,
        number -> {
          for (int i = 0; i < 40; i++) {
            JdbcPaymentLedger ledger = both.get((number + i) % 2);
            if (ledger.use(receipt(i % 4), 9, soon()) instanceof Use.Granted) {
              if (i % 3 == 0) {
                ledger.useReleased(receipt(i % 4));
              } else {
                ledger.useDelivered(receipt(i % 4));
                delivered.incrementAndGet();
              }
            }
          }
        });
    for (int i = 0; i < 4; i++) {
      while (both.get(1).use(receipt(i), 9, soon()) instanceof Use.Granted) {
        both.get(1).useDelivered(receipt(i));
        delivered.incrementAndGet();
      }
      assertThat(both.get(0).use(receipt(i), 9, soon())).isEqualTo(new Use.UsedUp());
    }
    assertThat(delivered).hasValue(36);
  }

  // ---- restarts

  @Test
  void remembersAfterARestart() {
    JdbcPaymentLedger before = ledger(clock);
    before.claim(key(1), "GET /a", soon());
    before.delivered(key(1));
    before.claim(key(2), "GET /a", soon());
    before.settling(key(2), TX);
    before.suspend(key(2));
    before.use(receipt(1), 1, soon());
    before.useDelivered(receipt(1));
    before.close();

    JdbcPaymentLedger after = ledger(clock);
    assertThat(after.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
    assertThat(after.claim(key(2), "GET /b", soon())).isEqualTo(new Claim.Used());
    assertThat(after.claim(key(2), "GET /a", soon())).isEqualTo(new Claim.Resumed(List.of(TX)));
    assertThat(after.use(receipt(1), 1, soon())).isEqualTo(new Use.UsedUp());
  }

  /** A client that waits as long as this can fetch what it paid for. */
  @ParameterizedTest
  @CsvSource({"0, 0", "9000, 0", "11999, 0", "12000, 18000", "20000, 10000", "29999, 1"})
  void saysHowLongADeadProcessHolds(long deadForMillis, long freeInMillis) {
    JdbcPaymentLedger dead = pausing();
    dead.claim(key(1), "GET /a", soon());
    JdbcPaymentLedger next = ledger(clock);
    clock.advance(Duration.ofMillis(deadForMillis));
    assertThat(next.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.empty(), Duration.ofMillis(freeInMillis)));
  }

  @Test
  void letsWhatADeadProcessHeldBeResumedWhenItsLeaseHasRunOut() {
    JdbcPaymentLedger dead = pausing();
    dead.claim(key(1), "GET /a", soon());
    dead.settling(key(1), TX);
    JdbcPaymentLedger next = ledger(clock);
    clock.advance(JdbcPaymentLedger.DEFAULT_LEASE.minusMillis(1));
    assertThat(next.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX), Duration.ofMillis(1)));
    assertThat(next.find(key(1)).orElseThrow().state()).isEqualTo(State.HELD);

    clock.advance(Duration.ofMillis(1)); // exactly then
    assertThat(next.find(key(1))).contains(new PaymentLedger.Entry(State.SUSPENDED, List.of(TX)));
    assertThat(next.claim(key(1), "GET /b", soon())).isEqualTo(new Claim.Used());
    assertThat(next.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Resumed(List.of(TX)));
    assertThat(next.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX)));
  }

  /** Its last answers may not have gone out; those of before have. */
  @Test
  void letsWhatADeadProcessDeliveredLastBeFetchedAgain() {
    JdbcPaymentLedger dead = pausing();
    dead.claim(key(1), "GET /a", soon());
    dead.delivered(key(1));
    clock.advance(Duration.ofSeconds(21));
    slowClock.advance(Duration.ofSeconds(21)); // its next claim renews its lease
    dead.claim(key(2), "GET /a", soon());
    dead.settling(key(2), TX);
    dead.delivered(key(2));
    JdbcPaymentLedger next = ledger(clock);
    assertThat(next.claim(key(2), "GET /a", soon())).as("it lives").isEqualTo(new Claim.Used());
    clock.advance(Duration.ofSeconds(20));
    assertThat(next.claim(key(2), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX), Duration.ofSeconds(10)));
    clock.advance(Duration.ofSeconds(10));
    assertThat(next.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
    assertThat(next.claim(key(2), "GET /b", soon())).isEqualTo(new Claim.Used());
    assertThat(next.claim(key(2), "GET /a", soon())).isEqualTo(new Claim.Resumed(List.of(TX)));
    next.delivered(key(2));
    assertThat(next.claim(key(2), "GET /a", soon())).isEqualTo(new Claim.Used());
    next.close();
    assertThat(ledger(clock).claim(key(2), "GET /a", soon())).isEqualTo(new Claim.Used());
  }

  /** As an answer that breaks off: a bound for whoever has an interest in a server that dies. */
  @Test
  void letsItBeFetchedAgainTwoTimesAtMost() {
    for (int i = 0; i < PaymentLedger.MAX_DELIVERIES; i++) {
      JdbcPaymentLedger dead = ledger(clock);
      assertThat(dead.claim(key(1), "GET /a", soon()))
          .isEqualTo(i == 0 ? new Claim.Granted() : new Claim.Resumed(List.of()));
      dead.delivered(key(1));
      leaseRunsOut();
    }
    assertThat(ledger(clock).claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
  }

  @Test
  void letsWhatAClosedLedgerHeldBeResumedAtOnce() {
    JdbcPaymentLedger closed = ledger(clock);
    closed.claim(key(1), "GET /a", soon());
    closed.close();
    assertThat(ledger(clock).claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.Resumed(List.of()));
    assertThatThrownBy(() -> closed.claim(key(2), "GET /a", soon()))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void resumesWhatADeadProcessHeldInOneOfManyThreadsOfTwoInstances() throws Exception {
    JdbcPaymentLedger dead = pausing();
    dead.claim(key(1), "GET /a", soon());
    dead.settling(key(1), TX);
    leaseRunsOut();
    List<JdbcPaymentLedger> both = List.of(ledger(clock), ledger(clock));
    AtomicInteger resumed = new AtomicInteger();
    atOnce(
        32,
        number -> {
          if (both.get(number % 2).claim(key(1), "GET /a", soon()) instanceof Claim.Resumed) {
            resumed.incrementAndGet();
          }
        });
    assertThat(resumed).hasValue(1);
  }

  @Test
  void countsDeliveriesThatBrokeOffOverInstancesAndRestarts() {
    JdbcPaymentLedger first = ledger(clock);
    first.claim(key(1), "GET /a", soon());
    first.delivered(key(1));
    assertThat(first.takeBack(key(1))).isTrue();
    first.close();

    JdbcPaymentLedger second = ledger(clock);
    second.claim(key(1), "GET /a", soon());
    second.delivered(key(1));
    assertThat(second.takeBack(key(1))).isTrue();

    JdbcPaymentLedger third = ledger(clock);
    third.claim(key(1), "GET /a", soon());
    third.delivered(key(1));
    assertThat(third.takeBack(key(1))).isFalse();
    assertThat(ledger(clock).claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
  }

  @Test
  void hasOneNameForAllInstancesAndAfterARestart() throws Exception {
    List<String> names = Collections.synchronizedList(new ArrayList<>());
    atOnce(8, number -> names.add(ledger(clock).id()));
    JdbcPaymentLedger last = ledger(clock);
    last.close();
    names.add(last.id());
    names.add(ledger(clock).id());
    assertThat(names).hasSize(10).containsOnly(last.id());
    assertThat(count("x402_store")).isEqualTo(1);
  }

  // ---- a process that was only slow

  @Test
  void fencesOffASlowProcessWhosePaymentWasTakenOver() {
    JdbcPaymentLedger slow = pausing();
    for (int i = 1; i <= 4; i++) {
      slow.claim(key(i), "GET /a", soon());
    }
    leaseRunsOut();
    JdbcPaymentLedger next = ledger(clock);
    for (int i = 1; i <= 4; i++) {
      assertThat(next.claim(key(i), "GET /a", soon())).isInstanceOf(Claim.Resumed.class);
    }
    assertThatThrownBy(() -> slow.settling(key(1), TX)).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> slow.delivered(key(2))).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> slow.release(key(3))).isInstanceOf(LedgerException.class);
    assertThatThrownBy(() -> slow.suspend(key(4))).isInstanceOf(LedgerException.class);
    for (int i = 1; i <= 4; i++) {
      assertThat(next.find(key(i))).contains(new PaymentLedger.Entry(State.HELD, List.of()));
      next.delivered(key(i));
    }
  }

  @Test
  void letsASlowProcessGoOnWhenNobodyHasTakenItsPaymentOver() {
    JdbcPaymentLedger slow = pausing();
    slow.claim(key(1), "GET /a", soon());
    leaseRunsOut();
    slow.settling(key(1), TX);
    slow.delivered(key(1));
    slowClock.advance(JdbcPaymentLedger.DEFAULT_LEASE);
    slow.claim(key(2), "GET /a", soon()); // it lives on
    assertThat(ledger(clock).claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Used());
  }

  @Test
  void resumesNothingBesideAnExchangeOfItsOwnThatIsStillAtWork() {
    JdbcPaymentLedger slow = ledger(clock);
    slow.claim(key(1), "GET /a", soon());
    clock.advance(JdbcPaymentLedger.DEFAULT_LEASE.multipliedBy(2));
    JdbcPaymentLedger other = ledger(clock);
    assertThat(other.claim(key(1), "GET /a", soon())).isInstanceOf(Claim.Resumed.class);
    other.settling(key(1), TX);
    other.suspend(key(1));

    // The first exchange has lost its hold and does not know. A second would share its name.
    assertThat(slow.claim(key(1), "GET /a", soon()))
        .isEqualTo(new Claim.InProgress(Optional.of(TX)));
    assertThatThrownBy(() -> slow.delivered(key(1))).isInstanceOf(LedgerException.class);
    assertThat(slow.claim(key(1), "GET /a", soon())).isEqualTo(new Claim.Resumed(List.of(TX)));
    slow.delivered(key(1));
  }

  @Test
  void countsAUseForDeliveredWhenItsHolderHasDied() {
    JdbcPaymentLedger dead = pausing();
    dead.use(receipt(1), 1, soon());
    JdbcPaymentLedger next = ledger(clock);
    assertThat(next.use(receipt(1), 1, soon())).isEqualTo(new Use.InProgress());
    leaseRunsOut();
    assertThat(next.use(receipt(1), 1, soon())).isEqualTo(new Use.UsedUp());
    dead.useReleased(receipt(1)); // it was not dead
    assertThat(next.use(receipt(1), 1, soon())).isEqualTo(new Use.Granted(0));
  }

  // ---- cleanup

  @Test
  void deletesInStepsWhatNeedNotBeKept() throws Exception {
    JdbcPaymentLedger ledger = ledger(clock);
    int entries = LedgerMaintenance.STEP + 5;
    for (int i = 0; i < entries; i++) {
      ledger.claim(key(i), "GET /a", clock.instant().plusSeconds(60));
      ledger.delivered(key(i));
    }
    ledger.use(receipt(1), 2, clock.instant().plusSeconds(60));
    ledger.useDelivered(receipt(1));
    Database database = Database.at(dataSource(), JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);

    clock.advance(Duration.ofSeconds(60).minusMillis(1));
    assertThat(LedgerMaintenance.deleteExpired(database, clock.instant())).isFalse();
    assertThat(count("x402_payment")).isEqualTo(entries);
    assertThat(count("x402_receipt")).isEqualTo(1);

    clock.advance(Duration.ofMillis(1)); // exactly then
    assertThat(LedgerMaintenance.deleteExpired(database, clock.instant())).isTrue();
    assertThat(count("x402_payment")).isEqualTo(5);
    assertThat(LedgerMaintenance.deleteExpired(database, clock.instant())).isFalse();
    assertThat(count("x402_payment")).isZero();
    assertThat(count("x402_receipt")).isZero();
  }

  @Test
  void keepsWhatAnExchangeIsStillAtWorkOnUntilItsProcessIsDead() throws Exception {
    JdbcPaymentLedger dead = pausing();
    dead.claim(key(1), "GET /a", clock.instant().plusSeconds(1));
    dead.use(receipt(1), 2, clock.instant().plusSeconds(1));
    Database database = Database.at(dataSource(), JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    clock.advance(Duration.ofSeconds(2));
    LedgerMaintenance.deleteExpired(database, clock.instant());
    assertThat(count("x402_payment")).isEqualTo(1);
    assertThat(count("x402_receipt")).isEqualTo(1);
    clock.advance(Duration.ofHours(2));
    LedgerMaintenance.deleteExpired(database, clock.instant());
    LedgerMaintenance.deleteExpired(database, clock.instant());
    assertThat(count("x402_payment")).isZero();
    assertThat(count("x402_receipt")).isZero();
    assertThat(count("x402_use")).isZero();
    assertThat(count("x402_instance")).isZero();
  }

  @Test
  void remembersUsesUntilTheLatestTimeThatWasAskedFor() throws Exception {
    JdbcPaymentLedger ledger = ledger(clock);
    ledger.use(receipt(1), 2, clock.instant().plusSeconds(10));
    ledger.useDelivered(receipt(1));
    ledger.use(receipt(1), 2, clock.instant().plusSeconds(20));
    ledger.useDelivered(receipt(1));
    Database database = Database.at(dataSource(), JdbcPaymentLedger.DEFAULT_QUERY_TIMEOUT);
    clock.advance(Duration.ofSeconds(19));
    LedgerMaintenance.deleteExpired(database, clock.instant());
    assertThat(ledger.use(receipt(1), 2, clock.instant())).isEqualTo(new Use.UsedUp());
    clock.advance(Duration.ofSeconds(1));
    LedgerMaintenance.deleteExpired(database, clock.instant());
    assertThat(count("x402_receipt")).isZero();
  }

  // ---- the start

  @Test
  void makesItsTablesOnceOnly() {
    ledger(clock);
    assertThatCode(() -> JdbcPaymentLedger.createTables(dataSource())).doesNotThrowAnyException();
    ledger(clock);
  }

  @Test
  void doesNotStartWithoutItsTablesAndSaysWhatToRun() throws Exception {
    execute("DROP TABLE x402_receipt");
    assertThatThrownBy(() -> ledger(clock))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("x402_receipt")
        .hasMessageContaining("io/github/x402j/jdbc/x402-ledger.sql")
        .hasMessageContaining("createTables")
        .hasMessageNotContaining("x402_payment (");
    JdbcPaymentLedger.createTables(dataSource());
    ledger(clock);
  }

  @Test
  void doesNotStartOnATableThatTakesTheSameKeyTwice() throws Exception {
    execute("DROP TABLE x402_payment");
    execute(
        "CREATE TABLE x402_payment (network VARCHAR(32), asset VARCHAR(42), payer VARCHAR(42),"
            + " nonce VARCHAR(66), binding_hash VARCHAR(64), state VARCHAR(9), deliveries"
            + " INTEGER DEFAULT 0, delivered_at BIGINT, tx_hashes VARCHAR(2048), hold_id VARCHAR(64), instance_id VARCHAR(36), keep_until BIGINT)");
    assertThatThrownBy(() -> ledger(clock))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("primary key");
    assertThat(count("x402_payment")).isZero();
  }

  @Test
  void leavesNoTraceOfItsStartAndItsEnd() throws Exception {
    ledger(clock).close();
    assertThat(count("x402_payment")).isZero();
    assertThat(count("x402_instance")).isZero();
  }

  private interface Task {
    void run(int number) throws Exception;
  }

  private static void atOnce(int threads, Task task) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int number = i;
        tasks.add(
            () -> {
              start.await();
              task.run(number);
              return null;
            });
      }
      List<Future<Void>> futures = new ArrayList<>(Collections.emptyList());
      tasks.forEach(one -> futures.add(pool.submit(one)));
      start.countDown();
      for (Future<Void> future : futures) {
        future.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
