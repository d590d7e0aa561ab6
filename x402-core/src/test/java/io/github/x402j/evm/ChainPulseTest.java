// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.FacilitatorException;
import io.github.x402j.http.Ticker;
import io.github.x402j.testing.LocalChain;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The newest block, read once a block at most, on a chain that makes blocks in a made-up time. */
class ChainPulseTest {
  private static final BigInteger TIP = BigInteger.valueOf(7);

  private final Time time = new Time();
  private final AtomicInteger readings = new AtomicInteger();
  private volatile Duration blockTime = Duration.ofSeconds(2);
  private volatile boolean away;
  private volatile @Nullable BigInteger baseFee;
  private volatile long takenBack;

  private final Chain chain =
      new DelegatingChain(Web3jChain.at("http://127.0.0.1:1")) {
        @Override
        public Newest newest() throws FacilitatorException {
          readings.incrementAndGet();
          if (away) {
            throw new FacilitatorException("the chain did not answer");
          }
          long number = time.nanos / blockTime.toNanos() - takenBack;
          return new Newest(
              new Head(BigInteger.valueOf(number), Instant.ofEpochSecond(number)),
              new Quote(BigInteger.ZERO, null, baseFee, TIP, BigInteger.valueOf(number)));
        }
      };

  private final ChainPulse pulse = new ChainPulse(chain, time);

  /** A time that a test sets. */
  private static final class Time implements Ticker {
    private volatile long nanos = Duration.ofHours(1).toNanos();

    void pass(Duration by) {
      nanos += by.toNanos();
    }

    @Override
    public long nanos() {
      return nanos;
    }

    @Override
    public void sleep(Duration pause) {
      pass(pause);
    }

    @Override
    public void start(String name, Runnable task) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void await(Future<?> future) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void await(Future<?> future, Duration longest) {
      throw new UnsupportedOperationException();
    }
  }

  private long number() throws FacilitatorException {
    return pulse.head().number().longValueExact();
  }

  @ParameterizedTest
  @ValueSource(longs = {250, 1_000, 2_000, 5_000})
  void isReadOnceABlockAtMostOnceThePaceIsKnown(long millis) throws Exception {
    blockTime = Duration.ofMillis(millis);
    for (int i = 0; i < 3; i++) {
      number();
      time.pass(blockTime);
    }
    int before = readings.get();
    for (int i = 0; i < 1_000; i++) {
      long shown = number();
      assertThat(time.nanos / blockTime.toNanos() - shown).as("blocks behind").isBetween(0L, 1L);
      time.pass(blockTime.dividedBy(10));
    }
    assertThat(readings.get() - before).isBetween(90, 102);
  }

  @Test
  void isReadEachTimeWhileThePaceIsNotKnown() throws Exception {
    for (int i = 0; i < 5; i++) {
      number();
    }
    assertThat(readings).hasValue(5);
  }

  @Test
  void isReadAfterTenSecondsOnTheSlowestChain() throws Exception {
    blockTime = Duration.ofSeconds(600);
    number();
    time.pass(blockTime);
    number();
    int before = readings.get();
    for (int i = 0; i < 60; i++) {
      time.pass(Duration.ofSeconds(1));
      number();
    }
    assertThat(readings.get() - before).isEqualTo(6);
  }

  @Test
  void isReadAgainWhenANewerBlockWasSeen() throws Exception {
    number();
    time.pass(blockTime);
    long shown = number();
    int before = readings.get();
    pulse.seen(BigInteger.valueOf(shown));
    number();
    assertThat(readings).as("nothing newer").hasValue(before);
    pulse.seen(BigInteger.valueOf(shown + 1));
    number();
    number();
    assertThat(readings).as("until the node shows it").hasValue(before + 2);
    time.pass(blockTime);
    assertThat(number()).isEqualTo(shown + 1);
    number();
    assertThat(readings).hasValue(before + 3);
  }

  /** On a chain that mines at once, each payment would have to ask otherwise. */
  @Test
  void aBlockThatWasSeenWithItsBaseFeeNeedNotBeReadForTenSeconds() throws Exception {
    baseFee = BigInteger.valueOf(100);
    for (int i = 0; i < 3; i++) {
      number();
      time.pass(blockTime);
    }
    int before = readings.get();
    for (int i = 0; i < 4; i++) {
      Chain.Head head =
          new Chain.Head(BigInteger.valueOf(time.nanos / blockTime.toNanos()), Instant.EPOCH);
      pulse.seen(head, BigInteger.valueOf(200 + i), time.nanos());
      assertThat(pulse.head()).isEqualTo(head);
      assertThat(pulse.fees().baseFee()).isEqualTo(200 + i);
      assertThat(pulse.fees().priorityFee()).as("the tip").isEqualTo(7);
      time.pass(blockTime);
    }
    assertThat(readings).hasValue(before);
    time.pass(ChainPulse.LONGEST);
    number();
    assertThat(readings).as("the tip is old").hasValue(before + 1);
  }

  @Test
  void aBlockThatWasTakenBackMakesThePaceUnknown() throws Exception {
    number();
    time.pass(blockTime);
    number();
    time.pass(blockTime);
    takenBack = 3;
    number();
    int before = readings.get();
    number();
    number();
    assertThat(readings.get() - before).isEqualTo(2);
  }

  @Test
  void aNodeThatDoesNotAnswerIsAskedAgainByTheNext() throws Exception {
    away = true;
    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(FacilitatorException.class).isThrownBy(pulse::head);
    }
    away = false;
    assertThat(number()).isPositive();
    assertThat(readings).hasValue(4);
  }

  /** Whoever comes while one reads gets what that one read, or why it could not. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void thoseWhoComeWhileOneReadsShareItsRoundTrip(boolean fails) throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    Chain slow =
        new DelegatingChain(chain) {
          @Override
          public Newest newest() throws FacilitatorException {
            asked.incrementAndGet();
            reading.countDown();
            try {
              goOn.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              throw new FacilitatorException("interrupted", e);
            }
            if (fails) {
              throw new FacilitatorException("the chain did not answer");
            }
            return chain.newest();
          }
        };
    ChainPulse shared = new ChainPulse(slow, time);
    ExecutorService threads = Executors.newFixedThreadPool(64);
    try {
      List<Future<Boolean>> all = new ArrayList<>();
      List<Thread> waiting = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        all.add(
            threads.submit(
                () -> {
                  synchronized (waiting) {
                    waiting.add(Thread.currentThread());
                  }
                  try {
                    shared.fees();
                    return true;
                  } catch (FacilitatorException e) {
                    return false;
                  }
                }));
      }
      reading.await();
      while (!allWait(waiting)) {
        Thread.onSpinWait();
      }
      goOn.countDown();
      for (Future<Boolean> each : all) {
        assertThat(each.get(30, TimeUnit.SECONDS)).isEqualTo(!fails);
      }
      assertThat(asked).hasValue(1);
    } finally {
      goOn.countDown();
      threads.shutdownNow();
    }
  }

  private static boolean allWait(List<Thread> threads) {
    synchronized (threads) {
      return threads.size() == 64
          && threads.stream()
              .map(Thread::getState)
              .allMatch(s -> s == Thread.State.WAITING || s == Thread.State.TIMED_WAITING);
    }
  }

  @Test
  void headAndFeesAreOneRoundTrip() throws Exception {
    try (LocalChain local = LocalChain.start()) {
      ChainPulse real = new ChainPulse(Web3jChain.at(local.rpcUrl()), Ticker.SYSTEM);
      Chain.Newest newest = real.newest();
      assertThat(newest.head().number()).isEqualTo(BigInteger.valueOf(local.blockNumber()));
      assertThat(newest.fees().gasPrice()).isPositive();
      assertThat(local.requests()).as("calls, in one batch").isEqualTo(2);
    }
  }
}
