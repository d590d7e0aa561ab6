// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.Untouchable;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How far back a use is searched, by the pace of the chain. */
class EventSearchWindowTest {
  private static Chain pace(long secondsForAThousandBlocks) {
    return new DelegatingChain(Untouchable.of(Chain.class)) {
      @Override
      public Head head() {
        return new Head(BigInteger.valueOf(9_000), Instant.ofEpochSecond(1_000_000));
      }

      @Override
      public Optional<Head> block(BigInteger number) {
        assertThat(number).isEqualTo(BigInteger.valueOf(8_000));
        return Optional.of(
            new Head(number, Instant.ofEpochSecond(1_000_000 - secondsForAThousandBlocks)));
      }
    };
  }

  /** Returns how far back the blocks reach that are searched, which follow each other. */
  private static List<Long> reach(EventSearchWindow window) {
    long newest = 1_000_000;
    long next = newest;
    List<Long> reach = new ArrayList<>();
    for (EventLogs.Range range : window.ranges(BigInteger.valueOf(newest))) {
      assertThat(range.to()).isEqualTo(next);
      reach.add(newest - range.from());
      next = range.from() - 1;
    }
    return reach;
  }

  @Test
  void endsAtTheFirstBlockOfTheChain() {
    assertThat(EventSearchWindow.byDefault().ranges(BigInteger.valueOf(40)))
        .containsExactly(new EventLogs.Range(0, 40));
    assertThat(EventSearchWindow.byDefault().ranges(BigInteger.ZERO))
        .containsExactly(new EventLogs.Range(0, 0));
  }

  private static List<PaymentRequirements> offering(Duration window) {
    return List.of(
        PaymentRequirements.exact(Usdc.BASE_SEPOLIA, TokenAmount.of(1), Sale.PAY_TO, window));
  }

  @Test
  void isAsLongAsTheChainCanRunWhileAPaymentIsAskedFor() {
    EventSearchWindow fast = EventSearchWindow.byDefault();
    fast.measure(pace(250), offering(Duration.ofHours(1))); // four blocks a second
    assertThat(reach(fast)).containsExactly(100L, 5_000L, (3_600L + 30 + 600) * 4 * 2);
    EventSearchWindow slow = EventSearchWindow.byDefault();
    slow.measure(pace(12_000), offering(Duration.ofHours(1)));
    assertThat(reach(slow)).containsExactly(100L, 5_000L);
    EventSearchWindow fixed = EventSearchWindow.of(70);
    fixed.measure(pace(250), offering(Duration.ofHours(1)));
    assertThat(reach(fixed)).containsExactly(70L);
  }
}
