// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static io.github.x402j.facilitator.HostileFacilitator.json;
import static io.github.x402j.facilitator.HttpFacilitatorTest.TX;
import static io.github.x402j.facilitator.HttpFacilitatorTest.VALID;
import static io.github.x402j.facilitator.HttpFacilitatorTest.success;
import static io.github.x402j.facilitator.HttpFacilitatorTest.to;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentKey;
import io.github.x402j.Settlement;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.VerifiedPayment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A gate whose facilitator loses answers: the payer is never asked to pay a second time. */
class RemoteOutcomeTest {
  private HostileFacilitator remote = new HostileFacilitator();
  private InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(10, Sale.CLOCK);
  private PaymentGate gate;
  private Challenge challenge;

  @BeforeEach
  void open() {
    remote.on("/verify", json(200, VALID));
    gate =
        PaymentGate.builder()
            .ledger(ledger)
            .facilitator(
                to(remote.url())
                    .settleTimeout(Duration.ofMillis(500))
                    .verifyTimeout(Duration.ofMillis(500))
                    .build())
            .clock(Sale.CLOCK)
            .build();
    gate.start(List.of(Sale.OFFER));
    challenge = gate.challenge(Sale.REQUIRED);
  }

  @AfterEach
  void close() {
    remote.close();
  }

  private Admission bring(int number) {
    return gate.admit(challenge, Sale.purchase(Sale.REQUEST), Sale.headers(Sale.v2(number)));
  }

  private VerifiedPayment admitted(int number) {
    Admission admission = bring(number);
    assertThat(admission).isInstanceOf(Admission.Admitted.class);
    return ((Admission.Admitted) admission).payment();
  }

  private static void assertPending(Admission admission) {
    assertThat(admission)
        .isInstanceOfSatisfying(
            Admission.Refused.class,
            refused -> {
              assertThat(refused.refusal().status()).isEqualTo(503);
              assertThat(refused.refusal().headers()).containsKey("Retry-After");
            });
  }

  /** F01, F17. */
  @Test
  void answersUnavailableUntilTheSamePaymentHasItsOutcome() {
    remote.on("/settle", HostileFacilitator.silence());
    VerifiedPayment payment = admitted(1);
    Settlement settlement = gate.settle(payment);
    assertThat(settlement).isEqualTo(new Settlement.Pending(null));
    assertThat(gate.refuse(challenge, payment, settlement).status()).isEqualTo(503);

    remote.on("/settle", HostileFacilitator.html(502));
    assertPending(bring(1));

    remote.on("/settle", json(200, success(TX)));
    VerifiedPayment again = admitted(1);
    assertThat(again.settlement().orElseThrow().transaction()).isEqualTo(TX);
    assertThat(remote.asked("/verify")).isEqualTo(1);
    gate.delivered(again);
    assertThat(bring(1))
        .isInstanceOfSatisfying(
            Admission.Refused.class,
            refused -> assertThat(refused.refusal().status()).isEqualTo(402));
  }

  /**
   * "Failed", and no transaction: one may be on its way, and a second payment would be too many.
   */
  @Test
  void asksForNoSecondPaymentAfterAFailureThatProvesNothing() {
    for (String reason : List.of("invalid_exact_evm_transaction_failed", "who_knows", "")) {
      remote.on("/settle", json(200, HostileFacilitatorTest.failure(reason)));
      VerifiedPayment payment = admitted(1);
      Settlement settlement = gate.settle(payment);
      assertThat(settlement).isEqualTo(new Settlement.Pending(null));
      Refusal refusal = gate.refuse(challenge, payment, settlement);
      assertThat(refusal.status()).isEqualTo(503);
      assertThat(refusal.headers()).doesNotContainKey(PaymentHeader.PAYMENT_REQUIRED);
      assertPending(bring(1));

      remote.on("/settle", json(200, success(TX)));
      VerifiedPayment again = admitted(1);
      assertThat(again.settlement().orElseThrow().transaction()).isEqualTo(TX);
      gate.delivered(again);
      assertThat(remote.asked("/verify")).isEqualTo(1);
      close();
      remote = new HostileFacilitator();
      ledger = InMemoryPaymentLedger.withCapacity(10, Sale.CLOCK);
      open();
    }
  }

  @Test
  void asksForAnotherPaymentWhereNothingWasSent() {
    remote.on("/settle", json(200, HostileFacilitatorTest.failure("insufficient_funds")));
    VerifiedPayment payment = admitted(1);
    Settlement settlement = gate.settle(payment);
    assertThat(settlement).isInstanceOf(Settlement.Failed.class);
    Refusal refusal = gate.refuse(challenge, payment, settlement);
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(refusal.headers()).containsKey(PaymentHeader.PAYMENT_REQUIRED);
  }

  /** F02: the hash is in the ledger, so that another process can go on with it. */
  @Test
  void keepsTheHashThatAPendingFacilitatorNames() {
    remote.on(
        "/settle",
        json(
            200,
            HostileFacilitatorTest.failure("settlement_pending")
                .replace("\"\"", "\"" + TX + "\"")));
    assertThat(gate.settle(admitted(1))).isEqualTo(new Settlement.Pending(TX));
    PaymentKey key =
        new PaymentKey(
            Sale.OFFER.network(), Sale.OFFER.asset(), Sale.PAYER.address(), Sale.nonce(1));
    assertThat(ledger.find(key).orElseThrow().transactions()).containsExactly(TX);
  }

  /** The money has moved and the handler failed: the free retry does not ask the facilitator. */
  @Test
  void remembersWhatWasSettledForADeliveryThatIsTriedAgain() {
    remote.on(
        "/settle",
        json(200, success(TX)),
        json(200, HostileFacilitatorTest.failure("invalid_exact_evm_nonce_already_used")));
    VerifiedPayment payment = admitted(1);
    assertThat(gate.settle(payment)).isInstanceOf(Settlement.Settled.class);
    gate.release(payment);
    assertThat(admitted(1).settlement()).isPresent();
    assertThat(remote.asked("/settle")).isEqualTo(1);
  }

  @Test
  void letsGoOfAPaymentThatNeverLeft() {
    VerifiedPayment payment = admitted(1);
    remote.close();
    assertThat(gate.settle(payment)).isEqualTo(new Settlement.Pending(null));
    assertPending(bring(1)); // verified anew, by nobody
  }
}
