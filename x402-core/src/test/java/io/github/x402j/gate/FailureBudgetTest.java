// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentKey;
import io.github.x402j.SignedPayment;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailureBudgetTest {
  private static final Address OTHER = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");

  private final MutableClock clock = new MutableClock();
  private final FailureBudget budget = new FailureBudget(3, clock);
  private int number;

  private void fail() {
    fail(Offers.signed(++number));
  }

  private void fail(SignedPayment payment) {
    budget.refused(payment, ErrorReason.INSUFFICIENT_FUNDS);
  }

  private boolean isSpent() {
    return budget.isSpent(Offers.PAYER);
  }

  @Test
  void isSpentByTheLastAllowedFailureAndNotBefore() {
    fail();
    fail();
    assertThat(isSpent()).isFalse();
    fail();
    assertThat(isSpent()).isTrue();
    assertThat(budget.isSpent(OTHER)).isFalse();
  }

  @Test
  void isNewAfterAMinute() {
    for (int i = 0; i < 3; i++) {
      fail();
    }
    clock.advance(Duration.ofMillis(59_999));
    assertThat(isSpent()).isTrue();
    clock.advance(Duration.ofMillis(1));
    assertThat(isSpent()).isFalse();
    fail();
    assertThat(isSpent()).isFalse();
  }

  /** A step of the clock must not lock a payer out for as long as the step. */
  @Test
  void isNewAfterTheClockWasSetBack() {
    for (int i = 0; i < 3; i++) {
      fail();
    }
    clock.advance(Duration.ofHours(-1));
    assertThat(isSpent()).isFalse();
    fail();
    assertThat(isSpent()).isFalse();
  }

  /** However often it is brought, and over however many minutes. */
  @Test
  void anAuthorizationCountsOnceAgainstItsPayerAndEachTimeForItself() {
    SignedPayment payment = Offers.signed(1);
    for (int minute = 0; minute < 5; minute++) {
      for (int i = 0; i < 3; i++) {
        assertThat(budget.isSpent(payment)).isFalse();
        fail(payment);
      }
      assertThat(budget.isSpent(payment)).isTrue();
      assertThat(isSpent()).isFalse();
      clock.advance(Duration.ofMinutes(1));
      fail(Offers.signed(2));
      fail(Offers.signed(3));
      assertThat(isSpent()).isFalse();
    }
  }

  @Test
  void keepsABoundedNumberOfCounts() {
    SignedPayment one = Offers.signed(1);
    for (int i = 0; i < 20_000; i++) {
      Address payer = Address.parse(String.format("0x%040x", i + 1));
      PaymentKey key =
          new PaymentKey(one.key().network(), one.key().asset(), payer, one.key().nonce());
      fail(
          new SignedPayment(
              one.payload(),
              one.requirements(),
              key,
              one.digest(),
              one.validBefore(),
              one.signed()));
    }
    assertThat(budget.size()).isEqualTo(10_000);
  }
}
