// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.Test;

/** What a wallet has spent, by the entries of its journal alone. */
class WalletStateTest {
  private static final Instant NOON = Instant.parse("2026-05-06T12:00:00Z"); // a Wednesday

  private final JournalState journal =
      new JournalState(new MemoryJournal().begin(), agent -> new ReentrantReadWriteLock());
  private final WalletState state = provisioned();

  @Test
  void aReservedAmountCountsInEachSumUntilItIsReturned() {
    allowed(NOON, "0x1", "$2");
    assertSpent("$2", NOON);
    apply(NOON, JournalEntry.Event.REJECTED, "0x1");
    assertSpent("$2", NOON);
    apply(NOON, JournalEntry.Event.RETURNED, "0x1");
    assertSpent("$0", NOON);
    assertThat(state.openReservations()).isEmpty();
  }

  @Test
  void anAmountLeavesTheSlidingSumsOnTheInstant() {
    allowed(NOON, "0x1", "$2");
    assertThat(state.spentInLastHour(NOON.plus(Duration.ofHours(1)).minusNanos(1)))
        .hasToString("$2");
    assertThat(state.spentInLastHour(NOON.plus(Duration.ofHours(1)))).isEqualTo(Dollars.ZERO);
    assertThat(state.spentInLastDay(NOON.plus(Duration.ofHours(24)).minusNanos(1)))
        .hasToString("$2");
    assertThat(state.spentInLastDay(NOON.plus(Duration.ofHours(24)))).isEqualTo(Dollars.ZERO);
  }

  @Test
  void countsTheDaysOfAPeriodAndThoseOfTheOneBeforeNoMore() {
    allowed(NOON.minus(Duration.ofDays(3)), "0x1", "$1"); // Sunday
    allowed(NOON.minus(Duration.ofDays(2)), "0x2", "$2"); // Monday
    allowed(NOON, "0x3", "$4");
    assertThat(state.spent(BillingPeriod.DAY, NOON)).hasToString("$4");
    assertThat(state.spent(BillingPeriod.WEEK, NOON)).hasToString("$6");
    assertThat(state.spent(BillingPeriod.MONTH, NOON)).hasToString("$7");
    assertThat(state.left(NOON)).contains(Dollars.parse("$4"));
  }

  @Test
  void aClockThatWasAheadErasesNothing() {
    allowed(NOON, "0x1", "$2");
    Instant ahead = NOON.plus(Duration.ofDays(500));
    assertThat(state.spentInLastHour(ahead)).isEqualTo(Dollars.ZERO); // an ask that was refused
    assertThat(state.hasMade(1, Duration.ofHours(1), ahead)).isFalse();
    assertSpent("$2", NOON);
    assertThat(state.hasMade(1, Duration.ofHours(1), NOON)).isTrue();

    allowed(ahead, "0x2", "$1"); // a payment by the clock that is ahead
    assertThat(state.spentInLastDay(NOON)).hasToString("$3");
    assertThat(state.spent(BillingPeriod.MONTH, NOON)).hasToString("$3");
    Instant later = NOON.plus(Duration.ofHours(30));
    allowed(later, "0x3", "$4");
    assertThat(state.spentInLastDay(later))
        .as("what is ahead counts, what is old not")
        .hasToString("$5");
    assertThat(state.spent(BillingPeriod.DAY, NOON)).hasToString("$7");
    assertThat(state.hasMade(2, Duration.ofHours(1), later)).isTrue();
    assertThat(state.hasMade(3, Duration.ofHours(1), later)).isFalse();
  }

  @Test
  void aSettlementThatIsReportedTwiceCountsOnce() {
    allowed(NOON, "0x1", "$8");
    apply(NOON, JournalEntry.Event.UNCONFIRMED, "0x1");
    apply(NOON, JournalEntry.Event.SETTLED, "0x1");
    apply(NOON, JournalEntry.Event.RETURNED, "0x1");
    assertThat(state.confirmed(BillingPeriod.WEEK, NOON)).hasToString("$8");
    assertSpent("$8", NOON);
  }

  @Test
  void countsPaymentsAfterAnInstant() {
    allowed(NOON, "0x1", "$1");
    allowed(NOON.plusSeconds(1), "0x2", "$1");
    Duration second = Duration.ofSeconds(1);
    Instant now = NOON.plusSeconds(1);
    assertThat(state.hasMade(2, second.plusNanos(1), now)).isTrue();
    assertThat(state.hasMade(2, second, now)).isFalse();
    apply(NOON, JournalEntry.Event.RETURNED, "0x2");
    assertThat(state.hasMade(2, second.plusNanos(1), now)).isFalse();
  }

  private void assertSpent(String dollars, Instant now) {
    Dollars expected = Dollars.parse(dollars);
    assertThat(state.spentEver()).isEqualTo(expected);
    assertThat(state.spentAt("shop.example")).isEqualTo(expected);
    assertThat(state.spentInLastHour(now)).isEqualTo(expected);
    assertThat(state.spentInLastDay(now)).isEqualTo(expected);
    assertThat(state.spent(BillingPeriod.WEEK, now)).isEqualTo(expected);
  }

  private void allowed(Instant time, String nonce, String price) {
    apply(
        time,
        JournalEntry.Event.ALLOWED,
        Map.of("nonce", nonce, "price", price, "host", "shop.example"));
  }

  private void apply(Instant time, JournalEntry.Event event, String nonce) {
    apply(time, event, Map.of("nonce", nonce));
  }

  private WalletState provisioned() {
    WalletTerms terms =
        new WalletTerms(
            Address.parse("0x" + "11".repeat(20)),
            Dollars.parse("$10"),
            BillingPeriod.WEEK,
            List.of(),
            null,
            false,
            false,
            null,
            0);
    apply(NOON, JournalEntry.Event.PROVISIONED, terms.details());
    return journal.need("a");
  }

  private void apply(Instant time, JournalEntry.Event event, Map<String, String> details) {
    try {
      journal.write(new JournalEntry.Draft(time, event, "a", "r", details));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
