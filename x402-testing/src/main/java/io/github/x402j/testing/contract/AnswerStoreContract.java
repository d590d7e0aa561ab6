// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.extension.AnswerStore;
import io.github.x402j.extension.AnswerStore.Taken;
import io.github.x402j.extension.NamedPayment;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.testing.MutableClock;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/**
 * What every {@link AnswerStore} does. Extend it in the tests of your store and return an empty one
 * from {@link #emptyStore}; JUnit then runs each of these tests on it.
 */
public abstract class AnswerStoreContract {
  private static final Duration KEEP = Duration.ofMinutes(10);

  private final MutableClock clock = new MutableClock();

  /**
   * Returns an empty store with room for a few answers of 256 KiB.
   *
   * @param time what it tells the time by
   */
  public abstract AnswerStore emptyStore(Clock time);

  /** Returns a payment that no other number gives, under the same name as all. */
  public static NamedPayment payment(int number) {
    return new NamedPayment(payer(1), "purchase-000000001", String.format("%064x", number));
  }

  private static Address payer(int number) {
    return Address.parse(String.format("0x%040x", number));
  }

  /** Returns an answer with this body, and headers of every kind. */
  public static StoredAnswer answer(String body) {
    return StoredAnswer.of(
        203,
        Map.of(
            "X-Many",
            List.of("one", "two"),
            "Content-Type",
            List.of("text/plain"),
            "X",
            List.of("")),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertAnswered(Taken taken, StoredAnswer expected) {
    assertThat(taken).isInstanceOf(Taken.Answered.class);
    StoredAnswer answer = ((Taken.Answered) taken).answer();
    assertThat(answer.status()).isEqualTo(expected.status());
    assertThat(answer.headers()).isEqualTo(expected.headers());
    assertThat(answer.body()).isEqualTo(expected.body());
  }

  @Test
  void givesAnAnswerAgainAsItWas() {
    AnswerStore store = emptyStore(clock);
    for (String body : new String[] {"gr\u00fc\u00dfe", "", "\u20ac".repeat(80_000)}) {
      NamedPayment payment = payment(1);
      assertThat(store.take(payment, KEEP)).isInstanceOf(Taken.Begun.class);
      assertThat(store.take(payment, KEEP)).isInstanceOf(Taken.InProgress.class);
      store.store(payment, answer(body));
      assertAnswered(store.take(payment, KEEP), answer(body));
      store.store(payment, answer("later"));
      assertAnswered(store.take(payment, KEEP), answer(body)); // the first one went out
      clock.advance(KEEP);
    }
  }

  /** The name alone opens nothing, and one payer's name is not another's. */
  @Test
  void givesNothingToAnotherPaymentOrPayer() {
    AnswerStore store = emptyStore(clock);
    store.take(payment(1), KEEP);
    assertThat(store.take(payment(2), KEEP)).isInstanceOf(Taken.Another.class);
    store.store(payment(2), answer("not this"));
    store.notKept(payment(2));
    store.free(payment(2));
    assertThat(store.take(payment(1), KEEP)).isInstanceOf(Taken.InProgress.class);
    store.store(payment(1), answer("paid"));
    assertThat(store.take(payment(2), KEEP)).isInstanceOf(Taken.Another.class);

    NamedPayment others = new NamedPayment(payer(2), payment(1).id(), payment(1).binding());
    assertThat(store.take(others, KEEP)).isInstanceOf(Taken.Begun.class);
    assertAnswered(store.take(payment(1), KEEP), answer("paid"));
  }

  @Test
  void freesANameThatHasCostNothingAndNoOther() {
    AnswerStore store = emptyStore(clock);
    store.free(payment(1)); // there is none
    store.take(payment(1), KEEP);
    store.free(payment(1));
    assertThat(store.take(payment(2), KEEP)).isInstanceOf(Taken.Begun.class);
    store.store(payment(2), answer("paid"));
    store.free(payment(2));
    assertAnswered(store.take(payment(2), KEEP), answer("paid"));
  }

  @Test
  void saysThatAnAnswerIsNotKeptUntilOneIs() {
    AnswerStore store = emptyStore(clock);
    store.take(payment(1), KEEP);
    store.notKept(payment(1));
    assertThat(store.take(payment(1), KEEP)).isInstanceOf(Taken.NotKept.class);
    assertThat(store.take(payment(2), KEEP)).isInstanceOf(Taken.Another.class);
    store.store(payment(1), answer("fetched again"));
    assertAnswered(store.take(payment(1), KEEP), answer("fetched again"));
    store.notKept(payment(1)); // too late
    assertAnswered(store.take(payment(1), KEEP), answer("fetched again"));
  }

  @Test
  void forgetsInTime() {
    AnswerStore store = emptyStore(clock);
    store.take(payment(1), KEEP);
    store.store(payment(1), answer("paid"));
    clock.advance(KEEP.minusMillis(1));
    assertAnswered(store.take(payment(1), KEEP), answer("paid"));
    clock.advance(Duration.ofMillis(1));
    assertThat(store.take(payment(2), KEEP)).isInstanceOf(Taken.Begun.class);
    assertThat(store.take(payment(1), KEEP)).isInstanceOf(Taken.Another.class);
  }

  @Test
  void givesANameToOneOfManyAtOnce() throws Exception {
    AnswerStore store = emptyStore(clock);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Taken>> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        NamedPayment payment = payment(i);
        all.add(
            threads.submit(
                () -> {
                  start.await();
                  return store.take(payment, KEEP);
                }));
      }
      start.countDown();
      int begun = 0;
      for (Future<Taken> each : all) {
        begun += each.get() instanceof Taken.Begun ? 1 : 0;
      }
      assertThat(begun).isEqualTo(1);
    } finally {
      threads.shutdownNow();
    }
  }
}
