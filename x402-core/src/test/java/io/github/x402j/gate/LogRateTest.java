// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.testing.MutableClock;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LogRateTest {
  private final MutableClock clock = new MutableClock();
  private final LogRate rate = new LogRate(clock);

  @Test
  void letsOneLineOfAKindThroughAMinuteAndCountsTheOthers() {
    assertThat(rate.next("a")).hasValue(0);
    for (int i = 0; i < 1000; i++) {
      assertThat(rate.next("a")).isEmpty();
    }
    assertThat(rate.next("b")).hasValue(0);
    clock.advance(Duration.ofMillis(59_999));
    assertThat(rate.next("a")).isEmpty();
    clock.advance(Duration.ofMillis(1));
    assertThat(rate.next("a")).hasValue(1001);
    assertThat(rate.next("a")).isEmpty();
    clock.advance(Duration.ofHours(-1));
    assertThat(rate.next("a")).hasValue(1);
  }

  @Test
  void countsKindsBeyondABoundAsOne() {
    for (int i = 0; i < 100; i++) {
      assertThat(rate.next("kind " + i)).hasValue(0);
    }
    assertThat(rate.next("one")).hasValue(0);
    assertThat(rate.next("another")).isEmpty();
  }

  /** What is written at the levels that are on by default. */
  @Test
  void tenThousandRefusalsAreAFewLines() {
    LoggingPaymentListener listener = new LoggingPaymentListener(clock);
    PrintStream usual = System.err;
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    System.setErr(new PrintStream(lines, true, StandardCharsets.UTF_8));
    try {
      for (int i = 0; i < 10_000; i++) {
        listener.failed(Offers.REQUIRED, ErrorReason.INVALID_SIGNATURE, "no");
        listener.failed(Offers.REQUIRED, ErrorReason.INSUFFICIENT_FUNDS, "no");
        listener.unavailable(Offers.REQUIRED, "the node is away");
      }
      clock.advance(Duration.ofMinutes(1));
      listener.failed(Offers.REQUIRED, ErrorReason.INVALID_SIGNATURE, "no");
    } finally {
      System.setErr(usual);
    }
    assertThat(
            lines
                .toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("payment") && !line.contains("DEBUG")))
        .hasSizeLessThanOrEqualTo(4)
        .anyMatch(line -> line.contains("(and 9999 more since the last such line)"));
  }
}
