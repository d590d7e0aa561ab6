// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Verification and settlement on a chain: a local one, or the node of {@code -Dx402.rpc}. */
class EvmFacilitatorTest {
  private static Shop shop;
  private static EvmFacilitator facilitator;

  @BeforeAll
  static void open() {
    shop = Shop.open();
    facilitator = shop.builder().build();
    facilitator.start(List.of(shop.offer));
  }

  @AfterAll
  static void close() {
    shop.close();
  }

  private static ErrorReason refusal(SignedPayment payment) throws Exception {
    return ((Verification.Invalid) facilitator.verify(payment)).reason();
  }

  @Test
  void movesExactlyThePriceFromThePayerToTheSeller() throws Exception {
    TestWallet payer = shop.payer(25_000);
    long before = shop.earned();
    SignedPayment payment = shop.payment(facilitator, payer);
    List<String> recorded = new CopyOnWriteArrayList<>();

    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(shop.balance(payment.payer())).isEqualTo(25_000);
    Settlement settlement = facilitator.settle(payment, recorded::add);

    assertThat(recorded).hasSize(1);
    assertThat(settlement)
        .isEqualTo(new Settlement.Settled(recorded.get(0), payment.payer(), shop.offer.amount()));
    assertThat(shop.balance(payment.payer())).isEqualTo(15_000);
    assertThat(shop.earned()).isEqualTo(before + 10_000);
    assertThat(shop.isUsed(payment)).isTrue();
    assertThat(facilitator.outcome(payment, List.of(recorded.get(0)))).isEqualTo(settlement);
  }

  @Test
  void paysFeesOfTheKindThatTheChainHas() throws Exception {
    List<String> sent = new CopyOnWriteArrayList<>();
    List<Boolean> baseFee = new CopyOnWriteArrayList<>();
    Chain watched =
        new DelegatingChain(shop.rpc) {
          @Override
          public Quote quote(Call call) throws FacilitatorException {
            Quote quote = super.quote(call);
            baseFee.add(quote.baseFee() != null);
            return quote;
          }

          @Override
          public Broadcast send(String rawTransaction) {
            sent.add(rawTransaction);
            return super.send(rawTransaction);
          }
        };
    EvmFacilitator watching = shop.builder(watched).build();

    assertThat(watching.settle(shop.payment(watching, shop.payer(10_000)), hash -> {}))
        .isInstanceOf(Settlement.Settled.class);
    assertThat(sent.get(0)).matches(baseFee.get(0) ? "0x02.*" : "0xf[89].*");
    assertThat(baseFee.get(0)).isEqualTo(!System.getProperty("x402.rpc", "").isEmpty());
  }

  @Test
  void takesABalanceOfExactlyThePriceAndNoneLess() throws Exception {
    assertThat(facilitator.verify(shop.payment(facilitator, shop.payer(10_000))))
        .isInstanceOf(Verification.Valid.class);
    assertThat(refusal(shop.payment(facilitator, shop.payer(9_999))))
        .isEqualTo(ErrorReason.INSUFFICIENT_FUNDS);
    assertThat(refusal(shop.payment(facilitator, shop.payer(0))))
        .isEqualTo(ErrorReason.INSUFFICIENT_FUNDS);
  }

  @Test
  void refusesAnAuthorizationThatWasUsed() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(50_000));
    facilitator.settle(payment, hash -> {});

    assertThat(refusal(payment)).isEqualTo(ErrorReason.NONCE_ALREADY_USED);
  }

  @Test
  void refusesAnAuthorizationThatWasCancelled() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    shop.usdc.cancelAuthorization(payer, payment.key().nonce());

    assertThat(refusal(payment)).isEqualTo(ErrorReason.NONCE_ALREADY_USED);
  }

  @Test
  void failsAndMovesNothingWhenThePayerCancelsBeforeTheSettlement() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    shop.usdc.cancelAuthorization(payer, payment.key().nonce());

    assertThat(facilitator.settle(payment, hash -> {}))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.NONCE_ALREADY_USED));
    assertThat(shop.balance(payment.payer())).isEqualTo(50_000);
  }

  @Test
  void failsAndMovesNothingWhenTheMoneyIsGoneBeforeTheSettlement() throws Exception {
    TestWallet payer = shop.payer(10_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    shop.usdc.burn(payer.address(), BigInteger.ONE);
    List<String> recorded = new CopyOnWriteArrayList<>();

    assertThat(facilitator.settle(payment, recorded::add)).isInstanceOf(Settlement.Failed.class);
    assertThat(recorded).isEmpty();
    assertThat(shop.isUsed(payment)).isFalse();
  }

  @Test
  void takesTheTransferOfAStrangerForThePaymentAndSendsNoOther() throws Exception {
    TestWallet payer = shop.payer(50_000);
    SignedPayment payment = shop.payment(facilitator, payer);
    long before = shop.earned();
    String theirs = shop.preempt(payment);
    List<String> recorded = new CopyOnWriteArrayList<>();

    assertThat(facilitator.settle(payment, recorded::add))
        .isEqualTo(new Settlement.Settled(theirs, payment.payer(), shop.offer.amount()));
    assertThat(recorded).isEmpty();
    assertThat(shop.earned()).isEqualTo(before + 10_000);
  }

  @Test
  void deliversNotAgainForWhatAnotherServerOfTheSameGasAccountSettled() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(50_000));
    EvmFacilitator other = shop.builder().build();

    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(other.settle(payment, hash -> {}))
        .isInstanceOfSatisfying(
            Settlement.Failed.class,
            failed -> assertThat(failed.reason()).isEqualTo(ErrorReason.NONCE_ALREADY_USED));
  }

  @Test
  void knowsThatNothingHasBecomeOfAnAuthorizationYet() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(50_000));
    String unknown = "0x" + "77".repeat(32);

    assertThat(facilitator.outcome(payment, List.of())).isEqualTo(new Settlement.Pending(null));
    assertThat(facilitator.outcome(payment, List.of(unknown)))
        .isEqualTo(new Settlement.Pending(unknown));
  }

  @Test
  void findsTheOutcomeWithoutKnowingTheTransaction() throws Exception {
    SignedPayment payment = shop.payment(facilitator, shop.payer(50_000));
    String theirs = shop.preempt(payment);

    assertThat(facilitator.outcome(payment, List.of()))
        .isEqualTo(new Settlement.Settled(theirs, payment.payer(), shop.offer.amount()));
  }

  @Test
  void settlesAPaymentWhoseVIsZeroOrOne() throws Exception {
    TestWallet payer = shop.payer(10_000);
    ExactEvmPayload exact = shop.sign(shop.authorization(payer.address()), payer);
    String signature = exact.signature();
    int v = Integer.parseInt(signature.substring(130), 16) - 27;
    SignedPayment payment =
        shop.payment(
            facilitator,
            new ExactEvmPayload(exact.authorization(), signature.substring(0, 130) + "0" + v)
                .toMap());

    assertThat(facilitator.verify(payment)).isInstanceOf(Verification.Valid.class);
    assertThat(facilitator.settle(payment, hash -> {})).isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void readsFromTheContractWhatTheTokenIs() throws Exception {
    assertThat(OnChainToken.read(shop.rpc, shop.token.contract())).isEqualTo(shop.token);
    TestWallet payer = shop.payer(123);
    assertThat(
            OnChainToken.balanceOf(shop.rpc, shop.token, Address.parse(payer.address()))
                .atomicUnits())
        .isEqualTo(123);
  }
}
