// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.extension.AnswerStore;
import io.github.x402j.extension.AnswerStore.Taken;
import io.github.x402j.extension.NamedPayment;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.testing.MutableClock;
import io.github.x402j.testing.contract.AnswerStoreContract;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the store does on every database: for several servers, and within its limits. */
abstract class JdbcAnswerStoreContract extends AnswerStoreContract {
  private static final Duration KEEP = Duration.ofMinutes(10);

  private final List<JdbcAnswerStore> open = new ArrayList<>();
  private final MutableClock time = new MutableClock();
  final TestDatabase database = database();

  /** Returns the database of this test, empty at first. */
  abstract TestDatabase database();

  @BeforeEach
  void makeTables() throws SQLException {
    JdbcAnswerStore.createTables(database.dataSource());
    JdbcAnswerStore.createTables(database.dataSource()); // leaves tables that are there
  }

  @AfterEach
  void close() throws Exception {
    open.forEach(JdbcAnswerStore::close);
    database.drop();
  }

  @Override
  public JdbcAnswerStore emptyStore(Clock clock) {
    return opened(JdbcAnswerStore.builder(database.dataSource()).clock(clock));
  }

  private JdbcAnswerStore opened(JdbcAnswerStore.Builder builder) {
    JdbcAnswerStore store = builder.open();
    open.add(store);
    return store;
  }

  /** Payments under names of their own. */
  private static NamedPayment named(int number) {
    return new NamedPayment(
        payment(1).payer(), String.format("purchase-%09d", number), payment(number).binding());
  }

  @Test
  void givesTheAnswersOfEachServerByEveryOtherAndAfterARestart() {
    AnswerStore one = emptyStore(time);
    AnswerStore other = emptyStore(time);
    assertThat(one.take(payment(1), KEEP)).isInstanceOf(Taken.Begun.class);
    assertThat(other.take(payment(1), KEEP)).isInstanceOf(Taken.InProgress.class);
    assertThat(other.take(payment(2), KEEP)).isInstanceOf(Taken.Another.class);
    one.store(payment(1), answer("paid"));
    for (AnswerStore each : new AnswerStore[] {other, emptyStore(time)}) {
      Taken.Answered again = (Taken.Answered) each.take(payment(1), KEEP);
      assertThat(again.answer().body()).isEqualTo(answer("paid").body());
      assertThat(each.take(payment(2), KEEP)).isInstanceOf(Taken.Another.class);
    }
  }

  @Test
  void keepsNoNameAsItIs() throws SQLException {
    AnswerStore store = emptyStore(time);
    store.take(payment(1), KEEP);
    assertThat(database.count("x402_answer WHERE name_hash LIKE '%purchase%'")).isZero();
    assertThat(database.count("x402_answer")).isEqualTo(1);
  }

  @Test
  void deletesWhatHasExpiredWithItsParts() throws SQLException {
    JdbcAnswerStore store = emptyStore(time);
    for (int number = 0; number < 3; number++) {
      store.take(named(number), KEEP);
      store.store(named(number), answer("x".repeat(20_000)));
      time.advance(Duration.ofMinutes(1));
    }
    time.advance(KEEP.minusMinutes(2));
    store.deleteOld();
    assertThat(database.count("x402_answer")).isEqualTo(1);
    assertThat(database.count("x402_answer_part")).isEqualTo(2);
    assertThat(store.take(named(2), KEEP)).isInstanceOf(Taken.Answered.class);
    assertThat(store.take(named(0), KEEP)).isInstanceOf(Taken.Begun.class);
  }

  @Test
  void deletesTheOldestBeyondItsLimits() throws SQLException {
    JdbcAnswerStore few =
        opened(JdbcAnswerStore.builder(database.dataSource()).clock(time).maxAnswers(2));
    for (int number = 0; number < 4; number++) {
      few.take(named(number), KEEP);
      time.advance(Duration.ofSeconds(1));
    }
    few.deleteOld();
    assertThat(database.count("x402_answer")).isEqualTo(2);
    assertThat(few.take(named(3), KEEP)).isInstanceOf(Taken.InProgress.class);

    JdbcAnswerStore small =
        opened(JdbcAnswerStore.builder(database.dataSource()).clock(time).maxBytes(1024 * 1024));
    for (int number = 10; number < 16; number++) {
      small.take(named(number), KEEP);
      small.store(named(number), answer("x".repeat(200_000)));
      time.advance(Duration.ofSeconds(1));
    }
    small.deleteOld();
    assertThat(database.count("x402_answer WHERE state = 'KEPT'")).isEqualTo(3);
    assertThat(small.take(named(15), KEEP)).isInstanceOf(Taken.Answered.class);
    assertThat(small.take(named(10), KEEP)).isInstanceOf(Taken.Begun.class);
  }

  /** Parts without their row, or a row without its parts, are no answer. */
  @Test
  void givesNothingThatIsNotWhole() throws SQLException {
    AnswerStore store = emptyStore(time);
    store.take(payment(1), KEEP);
    store.store(payment(1), answer("x".repeat(40_000)));
    database.execute("DELETE FROM x402_answer_part WHERE part = 1");
    assertThatThrownBy(() -> store.take(payment(1), KEEP)).isInstanceOf(LedgerException.class);
  }

  @Test
  void saysWhatToRunWhereTheTablesAreMissing() throws SQLException {
    database.execute("DROP TABLE x402_answer_part");
    assertThatThrownBy(() -> emptyStore(time))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the answer store's database: missing")
        .hasMessageContaining("x402_answer_part")
        .hasMessageContaining("x402-answers.sql")
        .hasMessageEndingWith("or call JdbcAnswerStore.createTables(dataSource) once");
  }
}
