// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.DailySpend;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.JournalStorage;
import io.github.x402j.client.wallet.SpendFilter;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link SpendJournal} does, over any {@link JournalStorage}. Extend {@link Lasting} in
 * the tests of your storage, and return from {@link #open} a journal on it: the same entries each
 * time, those of this test alone. A storage that ends with the process extends this class itself.
 *
 * <p>Tests of your own can use {@link #journal}, and {@link Spender}, which pays without a seller.
 */
@Timeout(120)
public abstract class SpendJournalContract {
  /** The time at which all payments of these tests are made. */
  public static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");

  private final List<SpendJournal> opened = new ArrayList<>();

  /** Opens the same storage, each time anew. */
  public abstract SpendJournal open() throws IOException;

  /** Opens the same storage anew, and closes it after the test. */
  public final SpendJournal journal() throws IOException {
    SpendJournal journal = open();
    opened.add(journal);
    return journal;
  }

  @AfterEach
  public final void closeAll() throws IOException {
    for (SpendJournal journal : opened) {
      journal.close();
    }
  }

  @Test
  void aThousandThreadsNeverOverspendOneBudgetByOneAtomicUnit() throws Exception {
    CountingSigner signer = new CountingSigner();
    AgentWallet wallet =
        AgentWallet.provision("busy", signer, journal())
            .limit("$0.000250", BillingPeriod.EVER)
            .allowedDomains("shop.example")
            .clock(Spender.CLOCK)
            .create();
    Spender spender = new Spender(wallet);
    assertThat(paid(1000, spender)).isEqualTo(250);
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
    assertThat(wallet.spent(BillingPeriod.EVER)).isEqualTo(Dollars.parse("$0.000250"));
    assertThat(signer.signatures()).isEqualTo(250);
  }

  @Test
  void whatIsReturnedCanBeSpentAgainAndNoMore() throws Exception {
    AgentWallet wallet = Spender.wallet(journal(), "a", "$0.000010");
    Spender spender = new Spender(wallet);
    Payment payment = spender.pay(10);
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(PaymentDeclinedException.class);
    spender.neverSent(payment);
    spender.neverSent(payment);
    assertThat(wallet.remaining()).isEqualTo(Dollars.parse("$0.00001"));
    spender.pay(10);
    assertThatThrownBy(() -> spender.pay(1)).isInstanceOf(PaymentDeclinedException.class);
  }

  @Test
  void aThousandWalletsHaveOneJournal() throws Exception {
    SpendJournal journal = journal();
    List<AgentWallet> wallets = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      wallets.add(Spender.wallet(journal, "agent-" + i, "$0.01"));
    }
    for (int i = 0; i < 1000; i += 100) {
      new Spender(wallets.get(i)).pay(i + 1);
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
                LocalDate.ofInstant(NOW, ZoneOffset.UTC),
                Dollars.parse("$0.000901"),
                1));
  }

  @Test
  void aRevokedWalletSignsNothingWhileOthersAreAtIt() throws Exception {
    CountingSigner signer = new CountingSigner();
    AgentWallet wallet = revocable(journal(), signer);
    Spender spender = new Spender(wallet);
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<Integer>> spenders = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      spenders.add(threads.submit(() -> payUntilDeclined(spender)));
    }
    signer.awaitSignatures(16);
    wallet.revoke();
    int signedBefore = signer.signatures();
    int released = 0;
    for (Future<Integer> each : spenders) {
      released += each.get();
    }
    threads.shutdown();
    assertThat(signer.signatures()).isEqualTo(signedBefore);
    assertThat(released).isLessThanOrEqualTo(signedBefore);
    assertThat(wallet.isRevoked()).isTrue();
    assertThat(wallet.remaining()).isEqualTo(Dollars.ZERO);
  }

  /** Returns a wallet of the agent "revocable" that is never used up. */
  public static AgentWallet revocable(SpendJournal journal, EvmSigner signer) {
    return AgentWallet.provision("revocable", signer, journal)
        .limit("$1000", BillingPeriod.EVER)
        .allowedDomains("shop.example")
        .clock(Spender.CLOCK)
        .create();
  }

  private static int payUntilDeclined(Spender spender) throws IOException {
    int paid = 0;
    while (true) {
      try {
        spender.delivered(spender.pay(1));
        paid++;
      } catch (PaymentDeclinedException e) {
        assertThat(e.rule()).isEqualTo("revoked");
        return paid;
      }
    }
  }

  /** Pays one atomic unit in each of the threads, and returns how many could. */
  private static int paid(int threads, Spender... spenders) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    CountDownLatch together = new CountDownLatch(1);
    List<Future<Boolean>> attempts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Spender spender = spenders[i % spenders.length];
      attempts.add(
          pool.submit(
              () -> {
                together.await();
                return tryToPay(spender);
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

  private static boolean tryToPay(Spender spender) throws IOException {
    try {
      spender.pay(1);
      return true;
    } catch (PaymentDeclinedException e) {
      assertThat(e.rule()).isIn("limit", "revoked", "approval");
      return false;
    }
  }

  /** What journals do that outlive a process. */
  public abstract static class Lasting extends SpendJournalContract {
    @Test
    void aWalletGoesOnWhereItWas() throws Exception {
      Spender before = new Spender(Spender.wallet(journal(), "a", "$0.000010"));
      before.delivered(before.pay(3));
      before.neverSent(before.pay(2));
      before.pay(1); // of which nothing more is heard
      closeAll();

      AgentWallet after = AgentWallet.open("a", Spender.SIGNER, journal());
      assertThat(after.remaining()).isEqualTo(Dollars.parse("$0.000006"));
      assertThat(after.status().reserved()).isEqualTo(Dollars.parse("$0.000001"));
      assertThatThrownBy(() -> new Spender(after).pay(7))
          .isInstanceOf(PaymentDeclinedException.class);
      new Spender(after).pay(6);
    }

    @Test
    void twoThatAreOpenAtATimeAgree() throws Exception {
      AgentWallet one = Spender.wallet(journal(), "a", "$0.000100");
      AgentWallet other = Spender.wallet(journal(), "a", "$0.000100");
      assertThat(paid(100, new Spender(one), new Spender(other))).isEqualTo(100);
      assertThat(paid(10, new Spender(one), new Spender(other))).isZero();
      assertThat(one.remaining()).isEqualTo(other.remaining()).isEqualTo(Dollars.ZERO);
    }

    @Test
    void anApprovalIsGoodForOnePaymentHoweverManyTry() throws Exception {
      AgentWallet one =
          AgentWallet.provision("a", Spender.SIGNER, journal())
              .limit("$1", BillingPeriod.EVER)
              .allowedDomains("shop.example")
              .policy(
                  SpendingPolicy.empty().maxPerPayment("$1").approvalAlways(Duration.ofHours(1)))
              .clock(Spender.CLOCK)
              .create();
      AgentWallet other = Spender.wallet(journal(), "a", "$1"); // keeps the policy
      for (int round = 0; round < 3; round++) {
        assertThat(paid(4, new Spender(one), new Spender(other))).isZero();
        String id = journal().approvals(NOW).get(0).id();
        assertThat(journal().approvals(NOW)).hasSize(1);
        journal().approve(id, "owner", NOW);
        assertThat(paid(10, new Spender(one), new Spender(other))).isEqualTo(1);
      }
      assertThat(one.spent(BillingPeriod.EVER)).isEqualTo(Dollars.parse("$0.000003"));
      assertThat(journal().check()).isEmpty();
    }

    @Test
    void revokingByOneIsFeltByTheOtherAtOnce() throws Exception {
      CountingSigner signer = new CountingSigner();
      Spender spender = new Spender(revocable(journal(), signer));
      spender.pay(1);
      journal().revoke("revocable", "owner says so", NOW.plus(Duration.ofSeconds(1)));
      assertThatThrownBy(() -> spender.pay(1))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> assertThat(declined.rule()).isEqualTo("revoked"));
      assertThat(signer.signatures()).isEqualTo(1);
      assertThat(spender.wallet().status().revokedFor()).contains("owner says so");
    }

    @Test
    void whatIsSignedWhileAnotherRevokesIsNotLetOut() throws Exception {
      SpendJournal owners = journal();
      EvmSigner slow =
          new EvmSigner() {
            @Override
            public Address address() {
              return Spender.SIGNER.address();
            }

            @Override
            public EvmSignature sign(byte[] digest) {
              try {
                owners.revoke("revocable", "meanwhile", NOW);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return Spender.SIGNER.sign(digest);
            }
          };
      Spender spender = new Spender(revocable(journal(), slow));
      assertThatThrownBy(() -> spender.pay(1))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> assertThat(declined.rule()).isEqualTo("revoked"));
      assertThat(spender.wallet().spent(BillingPeriod.EVER)).isEqualTo(Dollars.ZERO);
    }

    @Test
    void aRevokedWalletStaysSoWhenItIsProvisionedAgain() throws Exception {
      Spender.wallet(journal(), "a", "$1").revoke();
      AgentWallet again = Spender.wallet(journal(), "a", "$2");
      assertThat(again.isRevoked()).isTrue();
      assertThatThrownBy(() -> new Spender(again).pay(1))
          .isInstanceOf(PaymentDeclinedException.class);
    }

    /** A list that was cut would allow {@code *.x.co} in place of {@code *.x.com}. */
    @Test
    void aListOfDomainsOfAnyLengthSurvivesUnchanged() throws Exception {
      for (int count : new int[] {1, 33, 40, 1_000, 5_000}) {
        String[] domains = new String[count];
        for (int i = 0; i < count; i++) {
          domains[i] = "*.shop-number-" + i + ".example.com";
        }
        AgentWallet.provision("a", Spender.SIGNER, journal())
            .limit("$1", BillingPeriod.DAY)
            .allowedDomains(domains)
            .create();
        assertThat(AgentWallet.open("a", Spender.SIGNER, journal()).status().domains())
            .containsExactly(domains);
      }
    }

    @Test
    void theCheckFindsAJournalInOrder() throws Exception {
      SpendJournal journal = journal();
      Spender spender = new Spender(Spender.wallet(journal, "a", "$1"));
      spender.delivered(spender.pay(3));
      spender.neverSent(spender.pay(2));
      spender.pay(1);
      spender.wallet().revoke();
      Spender.wallet(journal, "b", "$2");
      assertThat(journal.check()).isEmpty();
    }

    @Test
    void everyEntryNamesWhoAndWhy() throws Exception {
      SpendJournal journal = journal();
      AgentWallet wallet = Spender.wallet(journal, "a", "$1");
      AgentWallet.provision("a", Spender.SIGNER, journal)
          .limit("$2", BillingPeriod.EVER)
          .allowedDomains("shop.example")
          .by("alice")
          .clock(Spender.CLOCK)
          .create();
      Spender spender = new Spender(wallet).forTask("report-42");
      spender.delivered(spender.pay(3));
      new Spender(wallet).pay(1);
      wallet.revoke("leaks", "bob");
      wallet.reinstate("mended", "carol");
      List<JournalEntry> entries = journal().entries();
      assertThat(entries)
          .filteredOn(entry -> entry.requestId().equals("-"))
          .extracting(entry -> entry.event() + " by " + entry.detail("by").orElse("-"))
          .containsExactly(
              "PROVISIONED by -", "PROVISIONED by alice", "REVOKED by bob", "REINSTATED by carol");
      assertThat(journal.payments(SpendFilter.all().task("report-42")))
          .singleElement()
          .satisfies(
              payment -> {
                assertThat(payment.details())
                    .containsEntry("offers", "3 of " + Spender.USDC.contract() + " on eip155:84532")
                    .containsEntry("choice", "the only offer in the client's tokens")
                    .containsEntry("path", "/a")
                    .containsEntry("price", "$0.000003");
                assertThat(payment.state()).isEqualTo(JournalEntry.Event.SETTLED);
              });
      assertThat(journal.payments(SpendFilter.all())).hasSize(2);
    }

    @Test
    void paymentsAreFoundByEachCondition() throws Exception {
      SpendJournal journal = journal();
      Spender a = new Spender(Spender.wallet(journal, "a", "$1"));
      Spender b = new Spender(Spender.wallet(journal, "b", "$1"));
      a.delivered(a.pay(3));
      a.neverSent(a.pay(2));
      b.pay(1);
      LocalDate day = LocalDate.ofInstant(NOW, ZoneOffset.UTC);
      SpendFilter all = SpendFilter.all();
      assertThat(journal.payments(all)).hasSize(3);
      assertThat(journal.payments(all.agent("a"))).hasSize(2);
      assertThat(journal.payments(all.host("shop.example"))).hasSize(3);
      assertThat(journal.payments(all.host("other.example"))).isEmpty();
      assertThat(journal.payments(all.from(day).until(day))).hasSize(3);
      assertThat(journal.payments(all.from(day.plusDays(1)))).isEmpty();
      assertThat(journal.payments(all.until(day.minusDays(1)))).isEmpty();
      assertThat(journal.payments(all.last(2))).hasSize(2);
      assertThat(journal.payments(all.state(JournalEntry.Event.RETURNED)))
          .singleElement()
          .satisfies(returned -> assertThat(returned.price()).hasToString("$0.000002"));
      assertThat(journal.spendByDay(all.agent("a")))
          .isEqualTo(journal.spendByDay(all.agent("a").last(100)))
          .singleElement()
          .satisfies(spent -> assertThat(spent.spent()).hasToString("$0.000003"));
    }

    @Test
    void allEntriesCanBeReadAgain() throws Exception {
      SpendJournal journal = journal();
      Spender spender = new Spender(Spender.wallet(journal, "a", "$1"));
      spender.delivered(spender.pay(3));
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

  /** Pays a shop out of a wallet, without any shop. */
  public static final class Spender {
    /** A clock that stands still at {@link #NOW}. */
    public static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

    /** The signer of all wallets that name no other. */
    public static final EvmSigner SIGNER =
        EvmSigner.ofPrivateKey(
            "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318");

    private static final Token USDC = Usdc.BASE_SEPOLIA;
    private static final String TOOL = "mcp://tool/forecast";

    private final AgentWallet wallet;
    private final Payer payer;

    /** Pays out of the wallet. */
    public Spender(AgentWallet wallet) {
      this(wallet, Payer.of(wallet, USDC));
    }

    private Spender(AgentWallet wallet, Payer payer) {
      this.wallet = wallet;
      this.payer = payer;
    }

    /** Returns the same for requests of a task. */
    public Spender forTask(String task) {
      return new Spender(wallet, payer.forTask(task));
    }

    /** Returns a new wallet with this limit for anything on shop.example. */
    public static AgentWallet wallet(SpendJournal journal, String agent, String limit) {
      return AgentWallet.provision(agent, SIGNER, journal)
          .limit(limit, BillingPeriod.EVER)
          .allowedDomains("shop.example")
          .clock(CLOCK)
          .create();
    }

    /** Returns the wallet. */
    public AgentWallet wallet() {
      return wallet;
    }

    /** Returns a payment of this amount. */
    public Payment pay(long atomicUnits) throws IOException {
      return pay("https://shop.example/a", atomicUnits);
    }

    /** Returns a payment of this amount to the shop at this URL. */
    public Payment pay(String url, long atomicUnits) throws IOException {
      PaymentRequirements option =
          PaymentRequirements.exact(
              USDC,
              TokenAmount.of(atomicUnits),
              Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c"),
              Duration.ofSeconds(60));
      PaymentRequired required = PaymentRequired.of(ResourceInfo.of(TOOL), List.of(option));
      return payer.pay(URI.create(url), TOOL, json(PaymentCodec.encodeRequired(required)));
    }

    /** Says what an honest seller says of a payment that it has settled. */
    public void delivered(Payment payment) {
      String transaction = "0x" + "ab".repeat(32);
      SettlementResponse settlement =
          new SettlementResponse(
              true, transaction, payment.network(), payment.payer(), null, payment.amount());
      payer.delivered(payment, json(PaymentCodec.encodeSettlement(settlement, 2)));
    }

    /** Says that the payment was never sent. */
    public void neverSent(Payment payment) {
      payer.neverSent(payment, "no connection");
    }

    private static String json(String base64) {
      return new String(Base64.getDecoder().decode(base64), UTF_8);
    }
  }

  /** Signs nothing that is worth anything, at no cost, and counts. */
  public static final class CountingSigner implements EvmSigner {
    private final AtomicInteger signatures = new AtomicInteger();

    @Override
    public Address address() {
      return Spender.SIGNER.address();
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      synchronized (signatures) {
        signatures.incrementAndGet();
        signatures.notifyAll();
      }
      return new EvmSignature(BigInteger.ONE, BigInteger.ONE, 27);
    }

    /** Returns how often it has signed. */
    public int signatures() {
      return signatures.get();
    }

    /** Returns when it has signed at least this often. */
    public void awaitSignatures(int count) throws InterruptedException {
      synchronized (signatures) {
        while (signatures.get() < count) {
          signatures.wait();
        }
      }
    }
  }
}
