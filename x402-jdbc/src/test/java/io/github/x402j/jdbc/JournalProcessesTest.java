// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendFilter;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.testing.contract.SpendJournalContract.Spender;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several processes share a journal, and some are killed. */
@Timeout(120)
class JournalProcessesTest {
  @TempDir Path directory;

  @Test
  void twoProcessesNeverOverspendOneBudget() throws Exception {
    Path file = directory.resolve("journal");
    try (SpendJournal journal = SpendJournal.file(file)) {
      AgentWallet wallet = wallet(journal, "$0.000300");
      try (SpendingProcess one = SpendingProcess.on(file, "a");
          SpendingProcess other = SpendingProcess.on(file, "a")) {
        List<String> all = new ArrayList<>(one.rest());
        all.addAll(other.rest());
        assertThat(all.stream().filter("limit"::equals)).hasSize(2);
        assertThat(all.stream().filter(line -> line.startsWith("0x")).distinct()).hasSize(300);
      }
      assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
    }
  }

  @Test
  void whatAKilledProcessPaidIsSpent() throws Exception {
    Path file = directory.resolve("journal");
    Set<String> released = new HashSet<>();
    try (SpendJournal journal = SpendJournal.file(file)) {
      AgentWallet wallet = wallet(journal, "$0.000400");
      for (int kills = 0; kills < 3; kills++) {
        try (SpendingProcess process = SpendingProcess.on(file, "a")) {
          released.addAll(process.payments(30));
          assertThat(process.kill()).as("128 + SIGKILL: no hook has run").isEqualTo(137);
          process.rest().stream().filter(line -> line.startsWith("0x")).forEach(released::add);
        }
        Dollars spent = wallet.spent(BillingPeriod.EVER);
        assertThat(spent).isGreaterThanOrEqualTo(units(released.size()));
      }
      Spender here = new Spender(wallet);
      assertThatThrownBy(
              () -> {
                while (true) {
                  released.add(here.pay(1).nonce());
                }
              })
          .isInstanceOf(PaymentDeclinedException.class);
      assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
      // What a process was signing when it was killed is spent: at most one payment a process.
      assertThat(released.size()).isBetween(397, 400);
    }
  }

  /**
   * Two processes pay from one wallet, and one after the other is killed in the midst of it. What
   * has left them, by their own word, is in the journal, and no more than the limit has left.
   */
  @Test
  @Timeout(1200)
  void twoProcessesThatAreKilledAgainAndAgainLoseAndOverspendNothing() throws Exception {
    int rounds = Integer.getInteger("x402.kills", 5);
    Path file = directory.resolve("journal");
    Random random = new Random(1);
    Set<String> released = new HashSet<>();
    try (SpendJournal journal = SpendJournal.file(file)) {
      wallet(journal, "$1000");
    }
    for (int round = 0; round < rounds; round++) {
      try (SpendingProcess one = SpendingProcess.on(file, "a");
          SpendingProcess other = SpendingProcess.on(file, "a")) {
        released.addAll(one.payments(1 + random.nextInt(20)));
        released.addAll(other.payments(1 + random.nextInt(20)));
        assertThat(one.kill()).isEqualTo(137);
        assertThat(other.kill()).isEqualTo(137);
        for (SpendingProcess each : List.of(one, other)) {
          each.rest().stream().filter(line -> line.startsWith("0x")).forEach(released::add);
        }
      }
      try (SpendJournal journal = SpendJournal.file(file)) {
        Set<String> booked = new HashSet<>();
        journal.forEachPayment(SpendFilter.all(), payment -> booked.add(payment.nonce()));
        assertThat(booked).as("round %d: sent, and in the journal", round).containsAll(released);
        assertThat(journal.wallet("a", Instant.now()).orElseThrow().spent())
            .isEqualTo(units(booked.size()));
        // What was signed when a process was killed may be booked and not sent: one each.
        assertThat(booked.size() - released.size()).isBetween(0, 2 * (round + 1));
        if (round % 10 == 0 || round == rounds - 1) {
          assertThat(journal.check()).isEmpty();
        }
      }
    }
    overspendsNothing(file);
    System.out.println(rounds + " rounds: " + released.size() + " payments sent, none missing");
  }

  /** Leaves room for 50 payments, for which both processes and this one compete. */
  private static void overspendsNothing(Path file) throws Exception {
    try (SpendJournal journal = SpendJournal.file(file)) {
      long booked = journal.payments(SpendFilter.all()).size();
      AgentWallet wallet = wallet(journal, units(booked + 50).toString());
      try (SpendingProcess one = SpendingProcess.on(file, "a");
          SpendingProcess other = SpendingProcess.on(file, "a")) {
        List<String> all = new ArrayList<>(one.rest());
        all.addAll(other.rest());
        assertThat(all.stream().filter(line -> line.startsWith("0x"))).hasSize(50);
      }
      assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
      assertThat(journal.payments(SpendFilter.all())).hasSize((int) booked + 50);
      assertThat(journal.check()).isEmpty();
    }
  }

  @Test
  void aWalletThatIsRevokedHereSignsNothingThere() throws Exception {
    Path file = directory.resolve("journal");
    try (SpendJournal journal = SpendJournal.file(file)) {
      AgentWallet wallet = wallet(journal, "$1000");
      try (SpendingProcess process = SpendingProcess.on(file, "a")) {
        process.payments(20);
        wallet.revoke();
        List<String> rest = process.rest();
        assertThat(rest.get(rest.size() - 1)).isEqualTo("revoked");
      }
      List<JournalEntry.Event> events =
          journal.entries().stream().map(JournalEntry::event).toList();
      assertThat(events.subList(events.indexOf(JournalEntry.Event.REVOKED) + 1, events.size()))
          .isNotEmpty()
          .doesNotContain(JournalEntry.Event.SIGNED, JournalEntry.Event.ALLOWED);
    }
  }

  private static AgentWallet wallet(SpendJournal journal, String limit) {
    return AgentWallet.provision("a", Spender.SIGNER, journal)
        .limit(limit, BillingPeriod.EVER)
        .allowedDomains("shop.example")
        .create();
  }

  private static Dollars units(long atomicUnits) {
    return Dollars.of(TokenAmount.of(atomicUnits), Usdc.BASE_SEPOLIA);
  }
}
