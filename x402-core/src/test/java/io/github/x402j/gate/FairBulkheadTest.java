// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FairBulkheadTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final List<Caller> callers = new ArrayList<>();
  private final List<String> ran = Collections.synchronizedList(new ArrayList<>());
  private FairBulkhead bulkhead;

  @AfterEach
  void end() throws InterruptedException {
    for (Caller caller : callers) {
      caller.release.countDown();
    }
    for (Caller caller : callers) {
      caller.thread.join(TimeUnit.SECONDS.toMillis(10));
      assertThat(caller.thread.isAlive()).isFalse();
    }
  }

  private void bounds(int running, int reserved, int waiting, Duration longestWait) {
    bulkhead =
        new FairBulkhead(new FairBulkhead.Bounds(running, reserved, waiting, longestWait), "full");
  }

  /** A call that runs until it is released. */
  private final class Caller {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch release = new CountDownLatch(1);
    final CountDownLatch refused = new CountDownLatch(1);
    final Thread thread;

    Caller(int payer, String ticket, boolean known) {
      thread =
          new Thread(
              () -> {
                try {
                  bulkhead.call(
                      address(payer),
                      ticket,
                      known,
                      () -> {
                        ran.add(ticket);
                        begun.countDown();
                        await(release);
                        return ticket;
                      });
                } catch (FacilitatorException e) {
                  refused.countDown();
                }
              });
      callers.add(this);
      thread.start();
    }

    Caller running() {
      await(begun);
      return this;
    }

    Caller waiting() {
      long end = System.nanoTime() + LONG.toNanos();
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.onSpinWait();
      }
      return this;
    }

    void refused() {
      await(refused);
    }

    void finish() throws InterruptedException {
      release.countDown();
      thread.join();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static Address address(int number) {
    return Address.parse(String.format("0x%040x", number));
  }

  private Caller stranger(int number) {
    return new Caller(number, "t" + number, false);
  }

  private void refusesAtOnce(int payer, String ticket) {
    assertThatThrownBy(() -> bulkhead.call(address(payer), ticket, false, () -> ticket))
        .isInstanceOf(FacilitatorException.class)
        .hasMessage("full");
  }

  @Test
  void waitsForRoomInTheOrderOfArrival() throws Exception {
    bounds(1, 0, 3, LONG);
    Caller first = stranger(1).running();
    Caller second = stranger(2).waiting();
    Caller third = stranger(3).waiting();
    first.finish();
    second.running().finish();
    third.running().finish();
    assertThat(ran).containsExactly("t1", "t2", "t3");
  }

  @Test
  void letsNoMoreWaitThanAllowedAndNoneForLonger() throws Exception {
    bounds(1, 0, 1, Duration.ofMillis(300));
    stranger(1).running();
    Caller second = stranger(2).waiting();
    refusesAtOnce(3, "t3");
    second.refused();
    assertThat(ran).containsExactly("t1");
  }

  @Test
  void whoComesAgainGoesBeforeAllThatCameLater() throws Exception {
    bounds(1, 0, 1, LONG);
    Caller first = stranger(1).running();
    Caller second = stranger(2).waiting();
    refusesAtOnce(3, "t3");
    second.release.countDown();
    first.finish();
    second.running();
    second.thread.join();

    Caller next = stranger(4).running();
    Caller junk = stranger(5).waiting();
    Caller again = new Caller(3, "t3", false);
    junk.refused(); // the one that was refused before takes its place
    again.waiting();
    next.finish();
    again.running().finish();
    assertThat(ran).containsExactly("t1", "t2", "t4", "t3");
  }

  @Test
  void aKnownPayerGoesFirstAndTakesTheLastPlaceOfAStranger() throws Exception {
    bounds(1, 0, 2, LONG);
    Caller first = stranger(1).running();
    Caller second = stranger(2).waiting();
    Caller third = stranger(3).waiting();
    Caller known = new Caller(4, "known", true);
    third.refused();
    known.waiting();
    first.finish();
    known.running().finish();
    second.running().finish();
    assertThat(ran).containsExactly("t1", "known", "t2");
  }

  @Test
  void strangersNeverHaveWhatIsReserved() throws Exception {
    bounds(2, 1, 4, LONG);
    stranger(1).running();
    Caller second = stranger(2).waiting();
    new Caller(3, "known", true).running();
    second.waiting();
    assertThat(ran).containsExactly("t1", "known");
  }

  @Test
  void aKnownPayerIsPreferredForFourCallsAtATime() throws Exception {
    bounds(8, 4, 4, LONG);
    for (int i = 0; i < 4; i++) {
      stranger(i).running();
    }
    for (int i = 0; i < 4; i++) {
      new Caller(9, "k" + i, true).running();
    }
    callers.get(0).finish();
    stranger(10).running();
    new Caller(9, "k4", true).waiting();
    assertThat(ran).doesNotContain("k4");
  }

  @Test
  void thePayerWithTheMostCallsLosesItsLast() throws Exception {
    bounds(1, 0, 3, LONG);
    Caller first = new Caller(1, "a1", false).running();
    Caller second = new Caller(1, "a2", false).waiting();
    Caller third = new Caller(1, "a3", false).waiting();
    Caller fourth = new Caller(1, "a4", false).waiting();
    Caller other = stranger(2);
    fourth.refused();
    other.waiting();
    first.finish();
    second.running(); // it came first, and its payer has none running now
    assertThat(ran).containsExactly("a1", "a2");
    assertThat(third.thread.isAlive()).isTrue();
  }

  @Test
  void thePayerWithTheFewestRunningGoesFirst() throws Exception {
    bounds(2, 0, 3, LONG);
    Caller busy = new Caller(1, "a1", false).running();
    Caller done = stranger(2).running();
    new Caller(1, "a2", false).waiting();
    Caller other = stranger(3).waiting();
    done.finish();
    other.running();
    assertThat(ran).containsExactly("a1", "t2", "t3");
    busy.finish();
  }

  @Test
  void anErrorOfTheCallGivesTheRoomBack() throws Exception {
    bounds(1, 0, 1, Duration.ofMillis(1));
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(
              () ->
                  bulkhead.call(
                      address(1),
                      "t",
                      false,
                      () -> {
                        throw new IllegalStateException("a bug");
                      }))
          .isInstanceOf(IllegalStateException.class);
    }
    assertThat(bulkhead.<String>call(address(1), "t", false, () -> "ran")).isEqualTo("ran");
  }
}
