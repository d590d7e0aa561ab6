// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc.Mode;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Settlements that fail, are lost, or are overtaken. */
class EvmSettlementTest {
  private static final String SEND = "eth_sendRawTransaction";
  private static final BeforeBroadcast IGNORED = hash -> {};
  private LocalChain chain;
  private Shop shop;
  private EvmFacilitator facilitator;
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  @BeforeEach
  void open() {
    chain = LocalChain.start();
    shop = Shop.on(chain);
    facilitator = shop.builder().settleTimeout(Duration.ofSeconds(1)).build();
  }

  @AfterEach
  void close() {
    shop.close();
  }

  private SignedPayment verified(long funds) throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(funds));
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    return payment;
  }

  /** Asks for a while: what is sent again can take longer than a settlement waits here. */
  private Settlement known(SignedPayment payment) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    Settlement outcome;
    do {
      outcome = facilitator.outcome(payment, recorded);
    } while (outcome instanceof Settlement.Pending && System.nanoTime() < end);
    return outcome;
  }

  private static ErrorReason failure(Settlement settlement) {
    assertThat(settlement).isInstanceOf(Settlement.Failed.class);
    return ((Settlement.Failed) settlement).reason();
  }

  private long gasNonce() {
    return chain.nonce(shop.gas.address());
  }

  @Test
  void recordsTheHashBeforeTheTransactionLeavesAndFindsTheOutcomeByItLater() throws Exception {
    SignedPayment payment = verified(10_000);
    chain.faults().withholdReceipts();
    long sentBefore = chain.requests(SEND);
    Settlement settlement =
        facilitator.settle(
            payment,
            hash -> {
              assertThat(chain.requests(SEND)).isEqualTo(sentBefore);
              recorded.add(hash);
            });
    assertThat(settlement).isEqualTo(new Settlement.Pending(recorded.get(0)));
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isInstanceOf(Settlement.Pending.class);
    chain.faults().clear();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0))))
        .isEqualTo(new Settlement.Settled(recorded.get(0), payment.payer(), shop.offer.amount()));
    assertThat(shop.earned()).isEqualTo(10_000);
    assertThat(chain.requests(SEND)).isEqualTo(sentBefore + 1);
  }

  @Test
  void sendsNothingAndTakesNoNumberWhenTheRecordCannotBeMade() throws Exception {
    SignedPayment payment = verified(20_000);
    long sentBefore = chain.requests(SEND);
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(
            () ->
                facilitator.settle(
                    payment,
                    hash -> {
                      throw new IllegalStateException("the ledger is down");
                    }))
        .withMessage("the ledger is down");
    assertThat(chain.requests(SEND)).isEqualTo(sentBefore);
    assertThat(gasNonce()).isZero();
    assertThat(facilitator.settle(payment, IGNORED)).isInstanceOf(Settlement.Settled.class);
    assertThat(gasNonce()).isEqualTo(1);
  }

  @Test
  void aSwallowedTransactionIsPendingUntilItsWindowCloses() throws Exception {
    SignedPayment payment = verified(10_000);
    chain.faults().swallowTransactions();
    assertThat(facilitator.settle(payment, recorded::add))
        .isEqualTo(new Settlement.Pending(recorded.get(0)));
    chain.faults().clear();
    List<String> transactions = List.of(recorded.get(0));
    assertThat(facilitator.outcome(payment, transactions)).isInstanceOf(Settlement.Pending.class);
    chain.advanceTime(Duration.ofSeconds(59));
    chain.mine();
    if (chain.now().isBefore(payment.validBefore())) {
      assertThat(facilitator.outcome(payment, transactions)).isInstanceOf(Settlement.Pending.class);
    }
    chain.advanceTime(Duration.ofSeconds(2));
    chain.mine();
    assertThat(failure(facilitator.outcome(payment, transactions)))
        .isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED);
    assertThat(shop.earned()).isZero();
  }

  /** It is sent again before the next, so that both are settled. */
  @Test
  void aSwallowedTransactionLeavesNoGapBeforeTheNext() throws Exception {
    SignedPayment lost = verified(10_000);
    chain.faults().swallowTransactions();
    assertThat(facilitator.settle(lost, IGNORED)).isInstanceOf(Settlement.Pending.class);
    chain.faults().clear();
    SignedPayment next = verified(10_000);
    facilitator.settle(next, recorded::add);
    assertThat(known(next)).isInstanceOf(Settlement.Settled.class);
    assertThat(gasNonce()).isEqualTo(2);
    assertThat(shop.earned()).isEqualTo(2 * 10_000);
  }

  @Test
  void numbersAnewWhenAnotherProcessHasUsedTheGasAccount() throws Exception {
    assertThat(facilitator.settle(verified(10_000), IGNORED))
        .isInstanceOf(Settlement.Settled.class);
    EvmFacilitator other = shop.builder().build();
    SignedPayment theirs = shop.payment(other, shop.payer(10_000));
    assertThat(other.settle(theirs, IGNORED)).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.settle(verified(10_000), recorded::add))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(recorded.get(1)));
    assertThat(gasNonce()).isEqualTo(3);
  }

  @Test
  void settlesOnceWhenAStrangerIsFaster() throws Exception {
    SignedPayment payment = verified(50_000);
    List<String> theirs = new CopyOnWriteArrayList<>();
    chain.faults().beforeNext(SEND, () -> theirs.add(shop.preempt(payment)));
    assertThat(facilitator.settle(payment, recorded::add))
        .isEqualTo(new Settlement.Settled(theirs.get(0), payment.payer(), shop.offer.amount()));
    assertThat((theirs.get(0))).isNotEqualTo(recorded.get(0));
    assertThat(shop.balance(payment.payer())).isEqualTo(40_000);
    assertThat(shop.earned()).isEqualTo(10_000);
  }

  @Test
  void failsWhenTheTransferIsRevertedAtMining() throws Exception {
    TestWallet payer = shop.payer(10_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    chain
        .faults()
        .beforeNext(SEND, () -> shop.usdc.burn(payer.address(), BigInteger.valueOf(10_000)));
    assertThat(failure(facilitator.settle(payment, recorded::add)))
        .isEqualTo(ErrorReason.INVALID_TRANSACTION_STATE);
    assertThat(chain.mined(recorded.get(0))).isTrue();
    assertThat(failure(facilitator.outcome(payment, List.of(recorded.get(0)))))
        .isEqualTo(ErrorReason.INVALID_TRANSACTION_STATE);
    assertThat(shop.earned()).isZero();
  }

  @Test
  void failsWhenThePayerCancelsWhileTheTransactionIsOnItsWay() throws Exception {
    TestWallet payer = shop.payer(10_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    chain
        .faults()
        .beforeNext(SEND, () -> shop.usdc.cancelAuthorization(payer, payment.key().nonce()));
    assertThat(failure(facilitator.settle(payment, recorded::add)))
        .isEqualTo(ErrorReason.NONCE_ALREADY_USED);
    assertThat(shop.balance(payment.payer())).isEqualTo(10_000);
  }

  @ParameterizedTest
  @EnumSource
  void takesForSettledOnlyWhatTheTokenSaysItMoved(Mode mode) throws Exception {
    SignedPayment payment = verified(50_000);
    chain.faults().beforeNext(SEND, () -> shop.usdc.misbehave(mode));
    Settlement settlement = facilitator.settle(payment, recorded::add);
    boolean settles =
        mode == Mode.NONE
            || mode == Mode.NO_REVERT_ON_USED_NONCE
            || mode == Mode.EVENTS_WITHOUT_TRANSFER;
    assertThat(settlement instanceof Settlement.Settled).as("%s", settlement).isEqualTo(settles);
  }

  @Test
  void takesAUsedAuthorizationForNothingWhereTheTokenDoesNotRevert() throws Exception {
    shop.usdc.misbehave(Mode.NO_REVERT_ON_USED_NONCE);
    TestWallet payer = shop.payer(50_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    chain
        .faults()
        .beforeNext(SEND, () -> shop.usdc.cancelAuthorization(payer, payment.key().nonce()));
    assertThat(facilitator.settle(payment, recorded::add)).isInstanceOf(Settlement.Failed.class);
    assertThat(shop.earned()).isZero();
  }

  @Test
  void sendsNothingWhileGasCostsMoreThanTheCeiling() throws Exception {
    BigInteger ceiling = BigInteger.valueOf(2_000_000_000L);
    EvmFacilitator thrifty = shop.builder().feeCeiling(ceiling).build();
    SignedPayment payment = shop.payment(thrifty, shop.payer(10_000));
    chain.gasPrice(ceiling.add(BigInteger.ONE));
    long sentBefore = chain.requests(SEND);
    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(() -> thrifty.settle(payment, recorded::add))
        .withMessageContaining("ceiling");
    assertThat(recorded).isEmpty();
    assertThat(chain.requests(SEND)).isEqualTo(sentBefore);
    chain.gasPrice(ceiling);
    assertThat(thrifty.settle(payment, recorded::add)).isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void tellsAGasAccountWithoutFundsFromAPaymentThatFails() throws Exception {
    EvmFacilitator poor =
        EvmFacilitator.builder(
                shop.network(), shop.rpc, EvmSigner.ofPrivateKey(TestWallet.random().privateKey()))
            .clock(shop.clock)
            .build();
    SignedPayment payment = shop.payment(poor, shop.payer(10_000));
    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(() -> poor.settle(payment, recorded::add));
    assertThat(shop.isUsed(payment)).isFalse();
  }

  @Test
  void sendsNothingWhenTheWindowClosesInTheQueue() throws Exception {
    EvmFacilitator patient = shop.builder().settleTimeout(Duration.ofSeconds(20)).build();
    SignedPayment first = shop.payment(patient, shop.payer(10_000));
    SignedPayment second = shop.payment(patient, shop.payer(10_000));
    CountDownLatch firstHasTheTurn = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(1);
    try {
      Future<Settlement> one =
          pool.submit(
              () ->
                  patient.settle(
                      first,
                      hash -> {
                        firstHasTheTurn.countDown();
                        await(goOn);
                      }));
      firstHasTheTurn.await();
      Future<Settlement> two =
          patient.settleLater(second, recorded::add).toCompletableFuture(); // it waits in the queue
      chain.advanceTime(Duration.ofSeconds(61));
      goOn.countDown();
      assertThat(failure(two.get(30, TimeUnit.SECONDS)))
          .isEqualTo(ErrorReason.AUTHORIZATION_EXPIRED);
      assertThat(one.get(30, TimeUnit.SECONDS)).isInstanceOf(Settlement.Failed.class);
      assertThat(recorded).isEmpty();
      assertThat(gasNonce()).as("the first is not sent either: its time is over").isZero();
      assertThat(shop.earned()).isZero();
    } finally {
      goOn.countDown();
      pool.shutdownNow();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
