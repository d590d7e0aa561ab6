// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import io.github.x402j.Usdc;
import io.github.x402j.gate.PaymentLedger.Claim;
import io.github.x402j.testing.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is its own; {@code PaymentLedgerContract} runs on it in x402-testing. */
class InMemoryPaymentLedgerTest {
  private final MutableClock clock = new MutableClock();

  private static PaymentKey key(int number) {
    return new PaymentKey(
        Network.BASE, Usdc.BASE.contract(), Offers.PAYER, String.format("0x%064x", number));
  }

  private static ReceiptKey receipt(int number) {
    return new ReceiptKey("https://pay.example", "receipt-" + number);
  }

  @Test
  void hasANameOfItsOwn() {
    assertThat(InMemoryPaymentLedger.create().id())
        .isNotEqualTo(InMemoryPaymentLedger.create().id());
  }

  @Test
  void saysThatItIsFullAndForgetsNothing() {
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(2, clock);
    Instant until = clock.instant().plusSeconds(60);
    ledger.claim(key(1), "GET /a", until);
    ledger.delivered(key(1));
    ledger.claim(key(2), "GET /a", until);
    assertThat(ledger.claim(key(3), "GET /a", until)).isEqualTo(new Claim.Full());
    assertThat(ledger.claim(key(1), "GET /a", until)).isEqualTo(new Claim.Used());
    assertThat(ledger.claim(key(2), "GET /a", until)).isInstanceOf(Claim.InProgress.class);
  }

  @Test
  void makesRoomWhenAnEntryNeedNotBeKeptAnyLonger() {
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(1, clock);
    ledger.claim(key(1), "GET /a", clock.instant().plusSeconds(60));
    ledger.delivered(key(1));
    clock.advance(Duration.ofSeconds(59));
    assertThat(ledger.claim(key(2), "GET /a", clock.instant().plusSeconds(60)))
        .isEqualTo(new Claim.Full());
    clock.advance(Duration.ofSeconds(1)); // exactly then
    assertThat(ledger.claim(key(2), "GET /a", clock.instant().plusSeconds(60)))
        .isEqualTo(new Claim.Granted());
  }

  @Test
  void keepsWhatAnExchangeIsStillAtWorkOn() {
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(10, clock);
    ledger.claim(key(1), "GET /a", clock.instant().plusSeconds(60));
    clock.advance(Duration.ofSeconds(61));
    assertThat(ledger.claim(key(1), "GET /a", clock.instant().plusSeconds(60)))
        .isInstanceOf(Claim.InProgress.class);
    ledger.delivered(key(1));
    clock.advance(Duration.ofMinutes(11));
    assertThat(ledger.size()).isZero();
  }

  @Test
  void keepsNoTraceOfPaymentsThatNeverComeThrough() {
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(10, clock);
    Instant until = clock.instant().plusSeconds(60);
    for (int i = 0; i < 1_000_000; i++) {
      ledger.claim(key(i), "GET /a", until);
      ledger.release(key(i));
    }
    assertThat(ledger.size()).isZero();
    assertThat(ledger)
        .extracting("entries")
        .isInstanceOfSatisfying(
            PackedEntries.class, entries -> assertThat(entries.capacity()).isLessThan(2_000));
  }

  @Test
  void remembersASettledPaymentInAFewBytes() {
    int payments = 50_000;
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();
    Instant until = Instant.now().plusSeconds(3600);
    long before = usedHeap();
    for (int i = 0; i < payments; i++) {
      PaymentKey key = key(i);
      ledger.claim(key, String.format("%064x", i), until.plusMillis(i * 7919L % 1_000_000));
      ledger.settling(key, String.format("0x%064x", i));
      ledger.delivered(key);
    }
    long bytes = (usedHeap() - before) / payments;
    System.out.println("bytes of heap for each settled payment in memory: " + bytes);
    assertThat(bytes).isLessThan(250);
    assertThat(ledger.size()).isEqualTo(payments);
  }

  private static long usedHeap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** Two of the same random changes must leave the same: one kept as simply as can be. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void keepsWhatAPlainMapWouldKeep(long seed) {
    Random random = new Random(seed);
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(1_500, clock);
    Map<Integer, Instant> expected = new HashMap<>();
    for (int step = 0; step < 20_000; step++) {
      int number = random.nextInt(6_000);
      if (random.nextInt(10) == 0) {
        clock.advance(Duration.ofMillis(random.nextInt(2_000)));
        expected.values().removeIf(until -> !until.isAfter(clock.instant()));
      }
      Instant until = clock.instant().plusMillis(1 + random.nextInt(1_000_000));
      Claim claim = ledger.claim(key(number), "GET /a", until);
      if (expected.containsKey(number)) {
        assertThat(claim).isInstanceOf(Claim.Resumed.class);
        if (random.nextBoolean()) {
          ledger.release(key(number));
          expected.remove(number);
        } else {
          ledger.suspend(key(number));
        }
      } else if (expected.size() == 1_500) {
        assertThat(claim).isEqualTo(new Claim.Full());
      } else {
        assertThat(claim).isEqualTo(new Claim.Granted());
        ledger.suspend(key(number));
        expected.put(number, until);
      }
    }
    assertThat(ledger.size()).isEqualTo(expected.size());
    for (int number = 0; number < 6_000; number++) {
      assertThat(ledger.find(key(number)).isPresent()).isEqualTo(expected.containsKey(number));
    }
  }

  @Test
  void hasRoomForSomething() {
    assertThatThrownBy(() -> InMemoryPaymentLedger.withCapacity(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("capacity");
  }

  @Test
  void remembersUsesUntilTheLatestTimeThatWasAskedFor() {
    MutableClock clock = new MutableClock();
    InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(1, clock);
    Instant soon = clock.instant().plusSeconds(10);
    ledger.use(receipt(1), 2, soon);
    ledger.useDelivered(receipt(1));
    ledger.use(receipt(1), 2, soon.plusSeconds(10)); // the same receipt, issued again
    ledger.useDelivered(receipt(1));

    clock.advance(Duration.ofSeconds(19));
    assertThat(ledger.use(receipt(1), 2, soon)).isEqualTo(new PaymentLedger.Use.UsedUp());
    assertThat(ledger.use(receipt(2), 1, soon)).isEqualTo(new PaymentLedger.Use.Full());
    assertThat(ledger.claim(key(1), "GET /a", soon)).isEqualTo(new Claim.Full());

    clock.advance(Duration.ofSeconds(1));
    assertThat(ledger.size()).isZero();
  }
}
