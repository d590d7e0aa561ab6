// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds for every journal. */
@Timeout(120)
abstract class SpendJournalContract {
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  private final List<SpendJournal> opened = new ArrayList<>();

  /** Opens the same store, each time anew. */
  abstract SpendJournal open() throws IOException;

  final SpendJournal journal() throws IOException {
    SpendJournal journal = open();
    opened.add(journal);
    return journal;
  }

  @AfterEach
  final void closeAll() throws IOException {
    for (SpendJournal journal : opened) {
      journal.close();
    }
  }

  @Test
  void aThousandThreadsNeverOverspendOneBudgetByOneAtomicUnit() throws Exception {
    Purse.CountingSigner signer = new Purse.CountingSigner();
    AgentWallet wallet =
        AgentWallet.provision("busy", signer, journal())
            .limit("$0.000250", BillingPeriod.EVER)
            .allowedDomains("shop.example")
            .clock(CLOCK)
            .create();
    Purse purse = new Purse(wallet, CLOCK);
    assertThat(paid(1000, purse)).isEqualTo(250);
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
    assertThat(wallet.spent(BillingPeriod.EVER)).isEqualTo(Dollars.parse("$0.000250"));
    assertThat(signer.signatures).hasValue(250);
  }

  @Test
  void whatIsReturnedCanBeSpentAgainAndNoMore() throws Exception {
    AgentWallet wallet = Purse.wallet(journal(), "a", "$0.000010", CLOCK);
    Purse purse = new Purse(wallet, CLOCK);
    Payment payment = purse.pay(10);
    assertThatThrownBy(() -> purse.pay(1)).isInstanceOf(PaymentDeclinedException.class);
    purse.outcomes().neverSent(payment, "no connection");
    purse.outcomes().neverSent(payment, "no connection");
    assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.00001"));
    purse.pay(10);
    assertThatThrownBy(() -> purse.pay(1)).isInstanceOf(PaymentDeclinedException.class);
  }

  @Test
  void aThousandWalletsHaveOneJournal() throws Exception {
    SpendJournal journal = journal();
    List<AgentWallet> wallets = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      wallets.add(Purse.wallet(journal, "agent-" + i, "$0.01", CLOCK));
    }
    for (int i = 0; i < 1000; i += 100) {
      new Purse(wallets.get(i), CLOCK).pay(i + 1);
    }
    assertThat(wallets.get(900).spent(BillingPeriod.DAY)).isEqualTo(Dollars.parse("$0.000901"));
    assertThat(wallets.get(901).spent(BillingPeriod.DAY)).isEqualTo(Dollars.ZERO);
    assertThat(journal.wallets(NOW)).hasSize(1000);
    assertThat(journal.spendByDay())
        .hasSize(10)
        .contains(
            new DailySpend(
                "agent-900",
                "shop.example",
                BillingPeriod.DAY.firstDay(NOW),
                Dollars.parse("$0.000901"),
                1));
  }

  @Test
  void aRevokedWalletSignsNothingWhileOthersAreAtIt() throws Exception {
    Purse.CountingSigner signer = new Purse.CountingSigner();
    AgentWallet wallet = revocable(journal(), signer);
    Purse purse = new Purse(wallet, CLOCK);
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<Integer>> spenders = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      spenders.add(threads.submit(() -> payUntilDeclined(purse)));
    }
    Thread.sleep(50);
    wallet.revoke();
    int signedBefore = signer.signatures.get();
    int released = 0;
    for (Future<Integer> spender : spenders) {
      released += spender.get();
    }
    threads.shutdown();
    assertThat(signer.signatures).hasValue(signedBefore);
    assertThat(released).isLessThanOrEqualTo(signedBefore);
    assertThat(wallet.isRevoked()).isTrue();
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
  }

  static AgentWallet revocable(SpendJournal journal, EvmSigner signer) {
    return AgentWallet.provision("revocable", signer, journal)
        .limit("$1000", BillingPeriod.EVER)
        .allowedDomains("shop.example")
        .clock(CLOCK)
        .create();
  }

  static int payUntilDeclined(Purse purse) throws IOException {
    int paid = 0;
    while (true) {
      try {
        purse.settled(purse.pay(1));
        paid++;
      } catch (PaymentDeclinedException e) {
        assertThat(e.rule()).isEqualTo("revoked");
        return paid;
      }
    }
  }

  /** Pays one atomic unit in each of so many threads, and returns how many could. */
  static int paid(int threads, Purse... purses) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CountDownLatch together = new CountDownLatch(1);
    List<Future<Boolean>> attempts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Purse purse = purses[i % purses.length];
      attempts.add(
          pool.submit(
              () -> {
                together.await();
                return tryToPay(purse);
              }));
    }
    together.countDown();
    int paid = 0;
    for (Future<Boolean> attempt : attempts) {
      paid += attempt.get() ? 1 : 0;
    }
    pool.shutdown();
    return paid;
  }

  private static boolean tryToPay(Purse purse) throws IOException {
    try {
      purse.pay(1);
      return true;
    } catch (PaymentDeclinedException e) {
      assertThat(e.rule()).isIn("limit", "revoked");
      return false;
    }
  }

  /** What holds for journals that outlive a process. */
  abstract static class Lasting extends SpendJournalContract {
    @Test
    void aWalletGoesOnWhereItWas() throws Exception {
      Purse before = new Purse(Purse.wallet(journal(), "a", "$0.000010", CLOCK), CLOCK);
      before.settled(before.pay(3));
      before.outcomes().neverSent(before.pay(2), "no connection");
      before.pay(1); // of which nothing more is heard
      closeAll();

      AgentWallet after = AgentWallet.open("a", Asking.SIGNER, journal());
      assertThat(after.remaining()).isEqualTo(Dollars.parse("$0.000006"));
      assertThat(after.status().reserved()).isEqualTo(Dollars.parse("$0.000001"));
      assertThatThrownBy(() -> new Purse(after, CLOCK).pay(7))
          .isInstanceOf(PaymentDeclinedException.class);
      new Purse(after, CLOCK).pay(6);
    }

    @Test
    void twoThatAreOpenAtATimeAgree() throws Exception {
      AgentWallet one = Purse.wallet(journal(), "a", "$0.000100", CLOCK);
      AgentWallet other = Purse.wallet(journal(), "a", "$0.000100", CLOCK);
      assertThat(paid(100, new Purse(one, CLOCK), new Purse(other, CLOCK))).isEqualTo(100);
      assertThat(paid(10, new Purse(one, CLOCK), new Purse(other, CLOCK))).isZero();
      assertThat(one.remaining()).isEqualTo(other.remaining()).isEqualTo(Dollars.ZERO);
    }

    @Test
    void revokingByOneIsFeltByTheOtherAtOnce() throws Exception {
      Purse.CountingSigner signer = new Purse.CountingSigner();
      Purse spender = new Purse(revocable(journal(), signer), CLOCK);
      spender.pay(1);
      journal().revoke("revocable", "owner says so", NOW.plus(Duration.ofSeconds(1)));
      assertThatThrownBy(() -> spender.pay(1))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> assertThat(declined.rule()).isEqualTo("revoked"));
      assertThat(signer.signatures).hasValue(1);
      assertThat(spender.wallet().status().revokedFor()).contains("owner says so");
    }

    @Test
    void whatIsSignedWhileAnotherRevokesIsNotLetOut() throws Exception {
      SpendJournal owners = journal();
      EvmSigner slow =
          new EvmSigner() {
            @Override
            public Address address() {
              return Asking.SIGNER.address();
            }

            @Override
            public EvmSignature sign(byte[] digest) {
              try {
                owners.revoke("revocable", "meanwhile", NOW);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return Asking.SIGNER.sign(digest);
            }
          };
      Purse purse = new Purse(revocable(journal(), slow), CLOCK);
      assertThatThrownBy(() -> purse.pay(1))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> assertThat(declined.rule()).isEqualTo("revoked"));
      assertThat(purse.wallet().spent(BillingPeriod.EVER)).isEqualTo(Dollars.ZERO);
    }

    @Test
    void aRevokedWalletStaysSoWhenItIsProvisionedAgain() throws Exception {
      Purse.wallet(journal(), "a", "$1", CLOCK).revoke();
      AgentWallet again = Purse.wallet(journal(), "a", "$2", CLOCK);
      assertThat(again.isRevoked()).isTrue();
      assertThatThrownBy(() -> new Purse(again, CLOCK).pay(1))
          .isInstanceOf(PaymentDeclinedException.class);
    }

    @Test
    void allEntriesCanBeReadAgain() throws Exception {
      SpendJournal journal = journal();
      Purse purse = new Purse(Purse.wallet(journal, "a", "$1", CLOCK), CLOCK);
      purse.settled(purse.pay(3));
      assertThat(journal().entries())
          .isEqualTo(journal.entries())
          .extracting(JournalEntry::event)
          .containsExactly(
              JournalEntry.Event.PROVISIONED,
              JournalEntry.Event.ASKED,
              JournalEntry.Event.ALLOWED,
              JournalEntry.Event.SIGNED,
              JournalEntry.Event.SETTLED);
    }
  }
}
