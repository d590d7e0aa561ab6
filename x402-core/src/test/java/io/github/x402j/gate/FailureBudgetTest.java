// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailureBudgetTest {
  private static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final Address OTHER = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");

  private final MutableClock clock = new MutableClock();
  private final FailureBudget budget = new FailureBudget(3, clock);

  @Test
  void isSpentByTheLastAllowedFailureAndNotBefore() {
    budget.failed(PAYER);
    budget.failed(PAYER);
    assertThat(budget.isSpent(PAYER)).isFalse();
    budget.failed(PAYER);
    assertThat(budget.isSpent(PAYER)).isTrue();
    assertThat(budget.isSpent(OTHER)).isFalse();
  }

  @Test
  void isNewAfterAMinute() {
    for (int i = 0; i < 3; i++) {
      budget.failed(PAYER);
    }
    clock.advance(Duration.ofMillis(59_999));
    assertThat(budget.isSpent(PAYER)).isTrue();
    clock.advance(Duration.ofMillis(1));
    assertThat(budget.isSpent(PAYER)).isFalse();
    budget.failed(PAYER);
    assertThat(budget.isSpent(PAYER)).isFalse();
  }

  /** A step of the clock must not lock a payer out for as long as the step. */
  @Test
  void isNewAfterTheClockWasSetBack() {
    for (int i = 0; i < 3; i++) {
      budget.failed(PAYER);
    }
    clock.advance(Duration.ofHours(-1));
    assertThat(budget.isSpent(PAYER)).isFalse();
    budget.failed(PAYER);
    assertThat(budget.isSpent(PAYER)).isFalse();
  }

  @Test
  void knowsABoundedNumberOfPayers() {
    for (int i = 0; i < 20_000; i++) {
      budget.failed(Address.parse(String.format("0x%040x", i + 1)));
    }
    assertThat(budget.payers()).isEqualTo(10_000);
  }
}
