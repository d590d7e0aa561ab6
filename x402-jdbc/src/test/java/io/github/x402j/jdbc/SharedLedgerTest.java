// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.LedgerException;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.MutableClock;
import io.github.x402j.testing.TestWallet;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two servers, each with a gas account of its own, that share nothing but a database: one
 * authorization buys one delivery from both of them together.
 */
class SharedLedgerTest {
  private static final String SEND = "eth_sendRawTransaction";

  private final JdbcConnectionPool database =
      JdbcConnectionPool.create(
          "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=20000", "sa", "");
  private final MutableClock time = new MutableClock();
  private final MutableClock stopped = new MutableClock();
  private final List<JdbcPaymentLedger> ledgers = new ArrayList<>();
  private final List<String> gasAccounts = new ArrayList<>();
  private final Shop shop = new Shop();
  private final LocalChain chain = shop.chain;
  private Challenge challenge;

  @BeforeEach
  void open() throws SQLException {
    JdbcPaymentLedger.createTables(database);
  }

  @AfterEach
  void close() throws Exception {
    ledgers.forEach(JdbcPaymentLedger::close);
    try (Connection connection = database.getConnection()) {
      connection.createStatement().execute("SHUTDOWN");
    }
    database.dispose();
    shop.close();
  }

  private EvmSigner gasKey() {
    TestWallet gas = shop.gasAccount();
    gasAccounts.add(gas.address());
    return EvmSigner.ofPrivateKey(gas.privateKey());
  }

  private long transactions() {
    return gasAccounts.stream().mapToLong(chain::nonce).sum();
  }

  private PaymentGate server(Clock itsClock) {
    JdbcPaymentLedger ledger = JdbcPaymentLedger.builder(database).clock(itsClock).open();
    ledgers.add(ledger);
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(ledger)
            .facilitator(
                EvmFacilitator.builder(
                        shop.offer.network(), Web3jChain.at(chain.rpcUrl()), gasKey())
                    .clock(chain.clock())
                    .settleTimeout(Duration.ofSeconds(10))
                    .build())
            .clock(chain.clock())
            .build();
    gate.start(List.of(shop.offer));
    challenge = Shop.challenge(gate, shop.offer);
    return gate;
  }

  private Admission admit(PaymentGate gate, String request) {
    return Shop.admit(gate, challenge, request, shop.header);
  }

  private VerifiedPayment admitted(PaymentGate gate) {
    return ((Admission.Admitted) admit(gate, Shop.REQUEST)).payment();
  }

  private int status(PaymentGate gate, String request) {
    return ((Admission.Refused) admit(gate, request)).refusal().status();
  }

  private int exchange(PaymentGate gate, String request) throws InterruptedException {
    return Shop.exchange(gate, challenge, admit(gate, request), () -> {});
  }

  @Test
  void deliversOnceToSixtyFourThatSendOneHeaderToTwoServersAtOnce() throws Exception {
    List<PaymentGate> both = List.of(server(time), server(time));
    ExecutorService pool = Executors.newFixedThreadPool(64);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        PaymentGate gate = both.get(i % 2);
        answers.add(
            pool.submit(
                () -> {
                  start.await();
                  return exchange(gate, Shop.REQUEST);
                }));
      }
      start.countDown();
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer : answers) {
        statuses.add(answer.get(60, TimeUnit.SECONDS));
      }
      assertThat(statuses).filteredOn(status -> status == 200).hasSize(1);
      assertThat(statuses).isSubsetOf(200, 402, 503);
    } finally {
      pool.shutdownNow();
    }
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void refusesInOneWebappWhatHasPaidInAnother() throws Exception {
    PaymentGate one = server(time);
    PaymentGate other = server(time);
    assertThat(exchange(one, "GET https://a.example/x")).isEqualTo(200);
    assertThat(exchange(other, "GET https://b.example/x")).isEqualTo(402);
    assertThat(exchange(other, "GET https://a.example/x")).isEqualTo(402);
    assertThat(shop.broadcasts()).isEqualTo(1);
  }

  @Test
  void finishesOnOneServerWhatWasPendingOnAnother() throws Exception {
    PaymentGate one = server(time);
    PaymentGate other = server(time);
    VerifiedPayment payment = admitted(one);
    chain.faults().dropAnswer(SEND).withholdReceipts();
    chain.faults().beforeNext("eth_getTransactionReceipt", () -> chain.faults().drop("*"));
    Settlement settlement = one.settle(payment);
    assertThat(settlement).isInstanceOf(Settlement.Pending.class);

    chain.faults().clear();
    assertThat(status(other, "GET /b")).isEqualTo(402);
    assertThat(exchange(other, Shop.REQUEST)).isEqualTo(200);
    assertThat(exchange(one, Shop.REQUEST)).isEqualTo(402);
    assertThat(transactions()).as("the same bytes, however often").isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void doesNotBroadcastWhenItsPaymentWasTakenOverWhileTheHandlerRan() {
    PaymentGate slow = server(stopped);
    VerifiedPayment payment = admitted(slow);
    time.advance(JdbcPaymentLedger.DEFAULT_LEASE);
    PaymentGate other = server(time);
    assertThat(status(other, Shop.REQUEST)).isEqualTo(503); // it cannot know that nothing was sent

    assertThat(slow.settle(payment)).isEqualTo(new Settlement.Pending(null));
    assertThat(shop.broadcasts()).isZero();

    chain.advanceTime(Duration.ofSeconds(61));
    chain.mine();
    assertThat(status(other, Shop.REQUEST)).isEqualTo(402); // now it does: another may be signed
    assertThat(shop.earned()).isZero();
  }

  @Test
  void deliversNothingWhenItsPaymentWasTakenOverAfterItWasSettled() throws Exception {
    PaymentGate slow = server(stopped);
    VerifiedPayment payment = admitted(slow);
    assertThat(slow.settle(payment)).isInstanceOf(Settlement.Settled.class);
    time.advance(JdbcPaymentLedger.DEFAULT_LEASE);

    assertThat(exchange(server(time), Shop.REQUEST)).isEqualTo(200);
    assertThatThrownBy(() -> slow.delivered(payment))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("taken the payment over");
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }

  @Test
  void deliversAfterARestartWhatWasSettledAndNotDelivered() throws Exception {
    PaymentGate before = server(time);
    assertThat(before.settle(admitted(before))).isInstanceOf(Settlement.Settled.class);
    ledgers.get(0).close();

    PaymentGate after = server(time);
    assertThat(exchange(after, Shop.REQUEST)).isEqualTo(200);
    assertThat(exchange(after, Shop.REQUEST)).isEqualTo(402);
    assertThat(shop.broadcasts()).isEqualTo(1);
  }

  /** The shop is deployed again with other terms, while a payment is settled and not delivered. */
  @ParameterizedTest
  @CsvSource({
    "500000, same, 60",
    "1, same, 60",
    "10000, other, 60",
    "10000, same, 5",
    "77, other, 3"
  })
  void deliversAfterADeploymentWithOtherTermsWhatWasSettledBefore(
      long price, String recipient, int window) throws Exception {
    PaymentGate before = server(time);
    assertThat(before.settle(admitted(before))).isInstanceOf(Settlement.Settled.class);
    ledgers.get(0).close();

    PaymentGate after = server(time);
    challenge =
        Shop.challenge(
            after,
            new PaymentRequirements(
                shop.offer.scheme(),
                shop.offer.network(),
                TokenAmount.of(price),
                shop.offer.asset(),
                recipient.equals("same")
                    ? shop.payTo
                    : Address.parse(TestWallet.random().address()),
                Duration.ofSeconds(window),
                shop.offer.extra()));
    Admission admission =
        after.admit(
            challenge,
            Purchase.of(Shop.REQUEST, "GET").withFixedPrice(),
            name -> name.equalsIgnoreCase("PAYMENT-SIGNATURE") ? List.of(shop.header) : List.of());
    assertThat(Shop.exchange(after, challenge, admission, () -> {})).isEqualTo(200);
    assertThat(exchange(after, Shop.REQUEST)).isEqualTo(402);
    assertThat(shop.broadcasts()).isEqualTo(1);
    assertThat(shop.earned()).isEqualTo(Shop.PRICE);
  }
}
