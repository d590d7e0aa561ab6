// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GuardedFacilitatorTest {
  private static final Set<Thread.State> WAITS =
      Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);

  private final MutableClock clock = new MutableClock();
  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final GuardedFacilitator guarded =
      new GuardedFacilitator(
          chain, new GuardedFacilitator.Limits(2, 1, Duration.ofMillis(50)), clock);
  private final SignedPayment payment = Offers.signed(1);

  @Test
  void asksNoMoreOfAChainThatHasNotAnsweredFiveTimes() {
    chain.fails = true;
    for (int i = 0; i < GuardedFacilitator.FAILURES_TO_OPEN; i++) {
      assertThatThrownBy(() -> guarded.verify(payment)).isInstanceOf(FacilitatorException.class);
    }
    int asked = chain.verifications.get();
    assertThatThrownBy(() -> guarded.verify(payment))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageContaining("lately");
    assertThat(chain.verifications.get()).isEqualTo(asked);
  }

  @Test
  void closesTheCircuitByItselfWhenATrialIsAnswered() throws Exception {
    open();
    clock.advance(GuardedFacilitator.OPEN_FOR.minusMillis(1));
    assertThatThrownBy(() -> guarded.verify(payment)).hasMessageContaining("lately");
    clock.advance(Duration.ofMillis(1));
    chain.fails = false;
    assertThat(guarded.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(guarded.verify(payment)).isInstanceOf(Verification.Valid.class);
  }

  @Test
  void letsOneTrialThroughAndGoesOnWaitingWhenItFails() {
    open();
    clock.advance(GuardedFacilitator.OPEN_FOR);
    int asked = chain.verifications.get();
    assertThatThrownBy(() -> guarded.verify(payment)).isInstanceOf(FacilitatorException.class);
    assertThatThrownBy(() -> guarded.verify(payment)).hasMessageContaining("lately");
    assertThat(chain.verifications.get()).isEqualTo(asked + 1);
  }

  @Test
  void countsOnlyFailuresInARow() throws Exception {
    for (int i = 0; i < 20; i++) {
      chain.fails = i % 2 == 0;
      try {
        guarded.verify(payment);
      } catch (FacilitatorException e) {
        assertThat(e).hasMessageNotContaining("lately");
      }
    }
  }

  @Test
  void settlesWhatWasVerifiedThoughTheCircuitIsOpen() throws Exception {
    open();
    chain.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "");
    assertThat(guarded.settle(payment, transaction -> {})).isEqualTo(chain.settlement);
  }

  @Test
  void looksAtNoMorePaymentsAtATimeThanAllowed() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(2);
    chain.beforeVerify =
        () -> {
          inside.countDown();
          release.await();
        };
    Thread one = start();
    Thread two = start();
    assertThat(inside.await(5, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(() -> guarded.verify(payment)).hasMessageContaining("too many");
    release.countDown();
    one.join();
    two.join();
    chain.beforeVerify = () -> {};
    assertThat(guarded.verify(payment)).isInstanceOf(Verification.Valid.class);
  }

  @Test
  void settlesNoMoreAtATimeThanAllowedAndHasNothingSentOtherwise() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(1);
    chain.settlement = ScriptedFacilitator.settled();
    Thread first = settling(1, inside, release);
    assertThat(inside.await(5, TimeUnit.SECONDS)).isTrue();
    Thread second = settling(2, new CountDownLatch(1), release);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (second.getState() != Thread.State.TIMED_WAITING) {
      assertThat(System.nanoTime()).as("waits for its turn").isLessThan(end);
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> guarded.settle(Offers.signed(3), transaction -> {}))
        .isInstanceOf(FacilitatorException.class)
        .hasMessageContaining("too many");
    assertThat(chain.settlements).hasValue(1);
    release.countDown();
    first.join();
    second.join();
    assertThat(chain.settlements).hasValue(2);
  }

  /** A signature of a fresh key costs nothing, and no verification keeps it out here. */
  @Test
  void keepsPlacesFromPaymentsThatAreNotVerifiedBefore() throws Exception {
    chain.settleVerifies = true;
    chain.settlement = ScriptedFacilitator.settled();
    GuardedFacilitator remote =
        new GuardedFacilitator(
            chain, new GuardedFacilitator.Limits(2, 8, Duration.ofMillis(50)), clock);
    PaymentRequirements offer = Offers.BASE.withFlow(PaymentFlow.UPFRONT);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(7);
    List<Thread> strangers = new ArrayList<>();
    for (int i = 1; i <= 8; i++) {
      SignedPayment unverified =
          new SignedPayment(
              PaymentPayload.v2(offer, Offers.payload(i)),
              offer,
              new PaymentKey(offer.network(), offer.asset(), Offers.PAY_TO, Sale.nonce(i)),
              new Bytes32(Sale.nonce(i)),
              Instant.now().plusSeconds(60),
              Sale.STUB);
      strangers.add(settling(remote, unverified, inside, release));
    }
    assertThat(inside.await(5, TimeUnit.SECONDS)).isTrue();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4);
    while (!strangers.stream().map(Thread::getState).allMatch(WAITS::contains)) {
      assertThat(System.nanoTime()).as("all run or wait").isLessThan(end);
      Thread.onSpinWait();
    }
    assertThat(remote.settle(Offers.signed(100), transaction -> {})).isEqualTo(chain.settlement);
    release.countDown();
    for (Thread stranger : strangers) {
      stranger.join();
    }
  }

  private Thread settling(int number, CountDownLatch inside, CountDownLatch release) {
    return settling(guarded, Offers.signed(number), inside, release);
  }

  private static Thread settling(
      GuardedFacilitator facilitator,
      SignedPayment signed,
      CountDownLatch inside,
      CountDownLatch release) {
    Thread thread =
        new Thread(
            () -> {
              try {
                facilitator.settle(
                    signed,
                    transaction -> {
                      inside.countDown();
                      awaited(release);
                    });
              } catch (FacilitatorException e) {
                throw new AssertionError(e);
              }
            });
    thread.start();
    return thread;
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Thread start() {
    Thread thread =
        new Thread(
            () -> {
              try {
                guarded.verify(payment);
              } catch (FacilitatorException e) {
                throw new AssertionError(e);
              }
            });
    thread.start();
    return thread;
  }

  private void open() {
    chain.fails = true;
    for (int i = 0; i < GuardedFacilitator.FAILURES_TO_OPEN; i++) {
      assertThatThrownBy(() -> guarded.verify(payment)).isInstanceOf(FacilitatorException.class);
    }
  }
}
