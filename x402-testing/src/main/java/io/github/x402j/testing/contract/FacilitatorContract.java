// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Facilitator} for {@code exact} on EVM does, on a chain with a token. Behind all
 * of them the money moves on a {@link LocalChain} that this class starts. Extend it in the tests of
 * your facilitator, and return from {@link #reach} a client of it: yours, in front of the local one
 * that is given. {@link #release} closes what {@code reach} opened.
 */
public abstract class FacilitatorContract {
  private static final long PRICE = 10_000;
  private static final AtomicLong NONCES = new AtomicLong(System.nanoTime());

  private static LocalChain chain;
  private static TestUsdc usdc;
  private static Token token;

  private final Address payTo = Address.parse(TestWallet.random().address());
  private PaymentRequirements offer;
  private Facilitator facilitator;

  /**
   * Returns the facilitator under test.
   *
   * @param local settles on this test's chain; the one under test passes everything on to it
   * @param settled the token that it settles
   */
  public abstract Facilitator reach(EvmFacilitator local, Token settled);

  /** Releases what {@link #reach} opened. */
  public void release() {}

  @BeforeAll
  static void startChain() {
    chain = LocalChain.start();
    usdc = chain.deployUsdc();
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
  }

  @AfterAll
  static void stopChain() {
    chain.close();
  }

  @BeforeEach
  void open() {
    open(Duration.ofSeconds(20));
  }

  private void open(Duration settleTimeout) {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    offer = PaymentRequirements.exact(token, TokenAmount.of(PRICE), payTo, Duration.ofSeconds(60));
    facilitator =
        reach(
            EvmFacilitator.builder(
                    token.network(),
                    Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(15)),
                    EvmSigner.ofPrivateKey(gas.privateKey()))
                .settleTimeout(settleTimeout)
                .build(),
            token);
    facilitator.start(List.of(offer));
  }

  @AfterEach
  void close() {
    chain.faults().clear();
    chain.automine(true);
    release();
  }

  @Test
  void supportsExactOnItsNetworkAndNothingElse() {
    assertThat(facilitator.supports("exact", token.network())).isTrue();
    assertThat(facilitator.supports("exact", Network.POLYGON)).isFalse();
    assertThat(facilitator.supports("upto", token.network())).isFalse();
  }

  @Test
  void doesNotStartForANetworkThatItDoesNotSettleOn() {
    PaymentRequirements elsewhere =
        PaymentRequirements.exact(
            Usdc.POLYGON, TokenAmount.of(PRICE), payTo, Duration.ofSeconds(60));
    assertThatThrownBy(() -> facilitator.start(List.of(elsewhere)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void movesExactlyThePriceOfAPaymentOfEitherVersion() throws Exception {
    TestWallet payer = payer(3 * PRICE);
    SignedPayment two = checked(PaymentPayload.v2(offer, signed(payer)));
    SignedPayment one = checked(PaymentPayload.v1("exact", token.network(), signed(payer)));
    for (SignedPayment payment : List.of(two, one)) {
      assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
      assertThat(facilitator.settle(payment, hash -> {}))
          .isInstanceOfSatisfying(
              Settlement.Settled.class,
              settled -> {
                assertThat(chain.mined(settled.transaction())).isTrue();
                assertThat(settled.payer()).isEqualTo(payment.payer());
                assertThat(settled.amount()).isEqualTo(offer.amount());
              });
    }
    assertThat(earned()).isEqualTo(2 * PRICE);
    assertThat(usdc.balanceOf(payer.address()).longValueExact()).isEqualTo(PRICE);
  }

  @Test
  void refusesWithoutTheChainWhatIsNotSignedByThePayerForThisPrice() throws Exception {
    TestWallet payer = payer(PRICE);
    Map<String, Object> bySomebodyElse = signed(authorization(payer, PRICE), TestWallet.random());
    Map<String, Object> tooLittle = signed(authorization(payer, PRICE - 1), payer);
    long asked = chain.requests();
    assertInvalid(bySomebodyElse, ErrorReason.INVALID_SIGNATURE);
    assertInvalid(tooLittle, ErrorReason.VALUE_MISMATCH);
    assertThat(chain.requests()).isEqualTo(asked);
  }

  @Test
  void findsThatAPayerHasTooLittle() throws Exception {
    assertThat(facilitator.verify(payment(payer(PRICE - 1))))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.INSUFFICIENT_FUNDS));
  }

  @Test
  void findsThatAnAuthorizationHasBeenUsed() throws Exception {
    SignedPayment payment = payment(payer(2 * PRICE));
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.verify(payment))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.NONCE_ALREADY_USED));
  }

  @Test
  void doesNotSettleForAPayerWhoHasSpentTheMoneySince() throws Exception {
    TestWallet payer = payer(PRICE);
    SignedPayment payment = payment(payer);
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    usdc.burn(payer.address(), BigInteger.ONE);
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Failed.class);
    assertThat(earned()).isZero();
  }

  @Test
  void tellsTheOutcomeOfWhatItHasSettled() throws Exception {
    SignedPayment payment = payment(payer(PRICE));
    List<String> told = new ArrayList<>();
    Settlement settled = facilitator.settle(payment, told::add);
    assertThat(settled).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.outcome(payment, told)).isEqualTo(settled);
    assertThat(earned()).isEqualTo(PRICE);
  }

  @Test
  void neverSaysOfAPaymentThatCanStillGoThroughThatItHasFailed() throws Exception {
    SignedPayment payment = payment(payer(PRICE));
    assertThat(facilitator.outcome(payment, List.of())).isNotInstanceOf(Settlement.Failed.class);
  }

  @Test
  void isPendingWhileTheTransactionIsNotMinedAndThenSettled() throws Exception {
    release();
    open(Duration.ofSeconds(1));
    SignedPayment payment = payment(payer(PRICE));
    List<String> told = new ArrayList<>();
    chain.automine(false);
    assertThat(facilitator.settle(payment, told::add))
        .isInstanceOfSatisfying(
            Settlement.Pending.class,
            pending -> assertThat(pending.transaction()).contains(told.get(0)));
    chain.automine(true);
    chain.mine();
    assertThat(facilitator.outcome(payment, List.of(told.get(0))))
        .isInstanceOfSatisfying(
            Settlement.Settled.class,
            settled -> assertThat(settled.transaction()).isEqualTo(told.get(0)));
    assertThat(earned()).isEqualTo(PRICE);
  }

  @Test
  void cannotLookWhenTheChainIsAway() {
    SignedPayment payment = payment(payer(PRICE));
    chain.faults().drop("eth_call");
    assertThatThrownBy(() -> facilitator.verify(payment)).isInstanceOf(FacilitatorException.class);
  }

  @Test
  void settlesManyAtOnce() throws Exception {
    List<SignedPayment> payments = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      payments.add(payment(payer(PRICE)));
    }
    ExecutorService threads = Executors.newFixedThreadPool(payments.size());
    Set<Settlement> settlements = new HashSet<>();
    try {
      List<Future<Settlement>> running = new ArrayList<>();
      for (SignedPayment payment : payments) {
        running.add(threads.submit(() -> facilitator.settle(payment, hash -> {})));
      }
      for (Future<Settlement> each : running) {
        settlements.add(each.get(30, TimeUnit.SECONDS));
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(settlements).hasSize(10).allMatch(Settlement.Settled.class::isInstance);
    assertThat(earned()).isEqualTo(10 * PRICE);
  }

  @Test
  void showsNeitherKeyNorUrl() {
    assertThat(facilitator.toString()).doesNotContain(chain.rpcUrl().toString());
  }

  private void assertInvalid(Map<String, Object> payload, ErrorReason reason) throws Exception {
    assertThat(facilitator.check(PaymentPayload.v2(offer, payload), offer))
        .isInstanceOfSatisfying(
            Verification.Invalid.class, invalid -> assertThat(invalid.reason()).isEqualTo(reason));
  }

  private static TestWallet payer(long units) {
    TestWallet payer = TestWallet.random();
    usdc.mint(payer.address(), units);
    return payer;
  }

  private SignedPayment payment(TestWallet payer) {
    return checked(PaymentPayload.v2(offer, signed(payer)));
  }

  private SignedPayment checked(PaymentPayload payload) {
    try {
      Verification checked = facilitator.check(payload, offer);
      assertThat(checked).isInstanceOf(Verification.Valid.class);
      return ((Verification.Valid) checked).payment();
    } catch (MalformedPaymentException | FacilitatorException e) {
      throw new AssertionError(e);
    }
  }

  private Map<String, Object> signed(TestWallet payer) {
    return signed(authorization(payer, PRICE), payer);
  }

  private static Map<String, Object> signed(
      TransferAuthorization authorization, TestWallet signer) {
    return new LinkedHashMap<>(
        ExactEvmPayload.sign(token, authorization, EvmSigner.ofPrivateKey(signer.privateKey()))
            .toMap());
  }

  private TransferAuthorization authorization(TestWallet payer, long value) {
    Instant now = Instant.now();
    return TransferAuthorization.between(
        Address.parse(payer.address()),
        payTo,
        TokenAmount.of(value),
        now.minusSeconds(60),
        now.plusSeconds(60),
        String.format(Locale.ROOT, "0x%064x", NONCES.incrementAndGet()));
  }

  private long earned() {
    return usdc.balanceOf(payTo.text()).longValueExact();
  }
}
