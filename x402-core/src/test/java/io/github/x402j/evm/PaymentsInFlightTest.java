// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.PaymentsInFlight.Coverage;
import io.github.x402j.evm.PaymentsInFlight.Reading;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What counts against a payer's balance, and until when. */
class PaymentsInFlightTest {
  private static final BigInteger ONE = BigInteger.valueOf(Shop.PRICE);
  private static final BigInteger TWO = ONE.multiply(BigInteger.TWO);

  private final LocalChain chain = LocalChain.start();
  private final Shop shop = Shop.on(chain);
  private final EvmFacilitator facilitator = shop.builder().build();
  private final PaymentsInFlight inFlight = new PaymentsInFlight(shop.clock);
  private final TestWallet payer = shop.payer(2 * Shop.PRICE);

  @AfterEach
  void close() {
    shop.close();
  }

  private SignedPayment payment() {
    return shop.payment(facilitator, payer);
  }

  private Coverage admit(SignedPayment payment, BigInteger balance) {
    return inFlight.admit(payment, Reading.newest(balance));
  }

  @Test
  void aBalancePaysForWhatIsInFlightFirst() {
    SignedPayment first = payment();
    assertThat(admit(first, ONE)).isEqualTo(Coverage.COVERED);
    assertThat(admit(first, ONE)).as("the same counts once").isEqualTo(Coverage.COVERED);
    assertThat(admit(payment(), ONE)).isEqualTo(Coverage.READ_AGAIN);
    assertThat(inFlight.admit(payment(), new Reading(ONE, BigInteger.TEN, Set.of())))
        .isEqualTo(Coverage.TOO_LITTLE);
    assertThat(admit(payment(), TWO)).isEqualTo(Coverage.COVERED);
    inFlight.ended(first);
    assertThat(admit(payment(), TWO)).isEqualTo(Coverage.COVERED);
  }

  @Test
  void aBlockThatShowsAPaymentHasPaidForIt() {
    SignedPayment first = payment();
    admit(first, ONE);
    assertThat(inFlight.admit(payment(), new Reading(ONE, BigInteger.TEN, Set.of(first.key()))))
        .as("used, and not seen by its settlement yet")
        .isEqualTo(Coverage.COVERED);
  }

  @Test
  void aSettledPaymentCountsUntilTheBlockIsSeen() {
    SignedPayment first = payment();
    admit(first, ONE);
    inFlight.settled(first, BigInteger.TEN);
    assertThat(admit(payment(), ONE)).isEqualTo(Coverage.READ_AGAIN);
    assertThat(inFlight.newestSettlement(first)).contains(BigInteger.TEN);
    assertThat(inFlight.covers(payment(), new Reading(ONE, BigInteger.valueOf(9), Set.of())))
        .isEqualTo(Coverage.READ_AGAIN);
    assertThat(inFlight.covers(payment(), new Reading(ONE, BigInteger.TEN, Set.of())))
        .isEqualTo(Coverage.COVERED);
    chain.advanceTime(PaymentsInFlight.NODES_BEHIND_BY.plusSeconds(1));
    assertThat(admit(payment(), ONE)).isEqualTo(Coverage.COVERED);
  }

  @Test
  void aPendingPaymentCountsUntilItCannotBeMinedUnseen() {
    SignedPayment first = payment();
    admit(first, ONE);
    inFlight.pending(first);
    chain.advanceTime(Duration.ofSeconds(70));
    assertThat(admit(payment(), ONE)).isEqualTo(Coverage.READ_AGAIN);
    chain.advanceTime(PaymentsInFlight.NODES_BEHIND_BY);
    assertThat(admit(payment(), ONE)).isEqualTo(Coverage.COVERED);
  }

  @Test
  void aPayerRestsLongerEachTime() {
    for (long minutes : new long[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      SignedPayment payment = payment();
      assertThat(inFlight.restsUntil(payment)).isEmpty();
      admit(payment, ONE);
      inFlight.reverted(payment);
      assertThat(inFlight.restsUntil(payment))
          .hasValueSatisfying(
              until ->
                  assertThat(Duration.between(shop.clock.instant(), until))
                      .isBetween(
                          Duration.ofMinutes(minutes).minusSeconds(5),
                          Duration.ofMinutes(minutes)));
      chain.advanceTime(Duration.ofMinutes(minutes));
    }
    chain.advanceTime(Duration.ofHours(3));
    SignedPayment payment = payment();
    admit(payment, ONE);
    inFlight.reverted(payment);
    assertThat(inFlight.restsUntil(payment).orElseThrow())
        .isBefore(shop.clock.instant().plusSeconds(61));
  }

  @Test
  void boundsWhatARichPayerHasOnItsWay() {
    BigInteger rich = ONE.multiply(BigInteger.valueOf(1_000));
    for (int i = 0; i < PaymentsInFlight.MOST_PER_PAYER; i++) {
      assertThat(admit(payment(), rich)).isEqualTo(Coverage.COVERED);
    }
    assertThat(admit(payment(), rich)).isEqualTo(Coverage.TOO_MANY);
  }

  @Test
  void anotherAuthorizationWithANonceThatIsInFlightIsNotSent() throws Exception {
    TransferAuthorization one = shop.authorization(payer.address());
    TransferAuthorization other =
        new TransferAuthorization(
            one.from(),
            one.to(),
            one.value(),
            one.validAfter(),
            one.validBefore().subtract(BigInteger.ONE),
            one.nonce());
    admit(shop.payment(facilitator, shop.sign(one, payer).toMap()), TWO);
    assertThat(admit(shop.payment(facilitator, shop.sign(other, payer).toMap()), TWO))
        .isEqualTo(Coverage.NONCE_IN_FLIGHT);
  }

  @Test
  void keepsNothingOfPayersThatSendNothing() {
    for (int i = 0; i < 5; i++) {
      SignedPayment payment = shop.payment(facilitator, TestWallet.random());
      assertThat(admit(payment, BigInteger.ZERO)).isEqualTo(Coverage.TOO_LITTLE);
    }
    assertThat(inFlight.payers()).isZero();
  }

  /** A payer with exactly enough for two is not refused the second, wherever the first is. */
  @Test
  void exactlyEnoughIsEnough() throws Exception {
    SignedPayment first = payment();
    SignedPayment second = payment();
    assertThat(facilitator.settle(first, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(facilitator.verify(second)).isInstanceOf(Verification.Valid.class);
    assertThat(facilitator.settle(second, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(shop.balance(first.payer())).isZero();
  }

  /** The first is mined, and its settlement has not seen it. */
  @Test
  void exactlyEnoughIsEnoughWhileTheFirstIsPending() throws Exception {
    EvmFacilitator hasty = shop.builder().settleTimeout(Duration.ofMillis(300)).build();
    SignedPayment first = payment();
    SignedPayment second = payment();
    chain.faults().withholdReceipts();
    List<String> recorded = new ArrayList<>();
    assertThat(hasty.settle(first, recorded::add)).isInstanceOf(Settlement.Pending.class);
    chain.faults().clear();
    assertThat(hasty.verify(second)).isInstanceOf(Verification.Valid.class);
    assertThat(hasty.settle(second, hash -> {})).isInstanceOf(Settlement.Settled.class);
    assertThat(hasty.outcome(first, List.of(recorded.get(0))))
        .isInstanceOf(Settlement.Settled.class);
  }

  @Test
  void aSecondPaymentForTheSameMoneyIsRefusedBeforeItsHandlerRuns() throws Exception {
    chain.automine(false);
    EvmFacilitator hasty = shop.builder().settleTimeout(Duration.ofMillis(300)).build();
    TestWallet poor = shop.payer(Shop.PRICE);
    SignedPayment first = shop.payment(hasty, poor);
    assertThat(hasty.settle(first, hash -> {})).isInstanceOf(Settlement.Pending.class);
    assertThat(hasty.verify(shop.payment(hasty, poor)))
        .isInstanceOfSatisfying(
            Verification.Invalid.class,
            invalid -> assertThat(invalid.reason()).isEqualTo(ErrorReason.INSUFFICIENT_FUNDS));
  }
}
