// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.ErrorReason;
import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentCodec;
import io.github.x402j.Settlement;
import io.github.x402j.SettlementResponse;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a payment whose settlement does not simply succeed. */
class GateSettlementTest {
  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.withCapacity(100);
  private final PaymentGate gate = PaymentGate.builder().ledger(ledger).facilitator(chain).build();
  private final Challenge challenge = gate.challenge(Offers.REQUIRED);

  private Admission pay(String request) {
    return gate.admit(
        challenge,
        Sale.purchase(request),
        name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(1)) : List.of());
  }

  private VerifiedPayment admitted() {
    return ((Admission.Admitted) pay("GET /premium")).payment();
  }

  private Refusal refused(String request) {
    return ((Admission.Refused) pay(request)).refusal();
  }

  private static SettlementResponse response(Refusal refusal) throws Exception {
    return PaymentCodec.decodeSettlement(refusal.headers().get("PAYMENT-RESPONSE"));
  }

  /** The client comes back when the lease of the dead server has run out, not before. */
  @ParameterizedTest
  @CsvSource({"0, 2", "1, 2", "1999, 2", "2001, 3", "17200, 18", "3600000, 3600"})
  void asksAClientToWaitUntilADeadServerLosesThePayment(long freeInMillis, String retryAfter) {
    PaymentLedger held =
        (PaymentLedger)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {PaymentLedger.class},
                (proxy, method, args) ->
                    method.getName().equals("claim")
                        ? new PaymentLedger.Claim.InProgress(
                            Optional.empty(), Duration.ofMillis(freeInMillis))
                        : method.invoke(ledger, args));
    PaymentGate gate = PaymentGate.builder().ledger(held).facilitator(chain).build();
    Admission answer =
        gate.admit(
            gate.challenge(Offers.REQUIRED),
            Sale.purchase("GET /premium"),
            name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(1)) : List.of());
    Refusal refusal = ((Admission.Refused) answer).refusal();
    assertThat(refusal.status()).isEqualTo(503);
    assertThat(refusal.headers()).containsEntry("Retry-After", retryAfter);
  }

  @Test
  void askedAgainAPendingPaymentStaysPendingAndIsNeverSettledTwice() throws Exception {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    chain.outcome = new Settlement.Pending(ScriptedFacilitator.TX);
    VerifiedPayment payment = admitted();
    Settlement settlement = gate.settle(payment);
    Refusal refusal = gate.refuse(challenge, payment, settlement);
    assertThat(refusal.status()).isEqualTo(503);
    assertThat(response(refusal).transaction()).isEqualTo(ScriptedFacilitator.TX);
    assertThat(response(refusal).success()).isFalse();
    assertThat(refusal.headers())
        .containsKey("Retry-After")
        .doesNotContainKey("PAYMENT-REQUIRED"); // never a demand for another payment

    Refusal again = refused("GET /premium");
    assertThat(again.status()).isEqualTo(503);
    assertThat(response(again).transaction()).isEqualTo(ScriptedFacilitator.TX);
    assertThat(chain.settlements.get()).isEqualTo(1);
  }

  @Test
  void remembersTheTransactionBeforeItIsBroadcast() {
    chain.settlement = new Settlement.Pending(null);
    VerifiedPayment payment = admitted();
    gate.settle(payment);

    assertThat(ledger.find(payment.signed().key()).orElseThrow().transactions())
        .containsExactly(ScriptedFacilitator.TX);
  }

  @Test
  void deliversOnceWhenAPendingPaymentTurnsOutSettled() {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    gate.settle(admitted());
    chain.outcome = ScriptedFacilitator.settled();
    assertThat(refused("GET /other").status()).isEqualTo(402);

    VerifiedPayment resumed = admitted();
    assertThat(resumed.settlement()).contains(ScriptedFacilitator.settled());
    assertThat(gate.settle(resumed)).isEqualTo(ScriptedFacilitator.settled());
    gate.delivered(resumed);
    assertThat(chain.settlements.get()).isEqualTo(1);
    assertThat(refused("GET /premium").status()).isEqualTo(402);
  }

  @Test
  void getsAnOutcomeAlsoAfterTheWindowHasClosed() {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    gate.settle(admitted());
    chain.expired = true;
    chain.outcome = ScriptedFacilitator.settled();
    assertThat(admitted().settlement()).isPresent();
  }

  @Test
  void beginsNothingAfterTheWindowHasClosed() throws Exception {
    chain.expired = true;
    Refusal refusal = refused("GET /premium");
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(response(refusal).errorReason())
        .isEqualTo("invalid_exact_evm_payload_authorization_valid_before");
    assertThat(ledger.size()).isZero();
  }

  @Test
  void asksForAPaymentAgainWhenAPendingOneTurnsOutFailed() throws Exception {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    gate.settle(admitted());
    chain.outcome = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    Refusal refusal = refused("GET /premium");
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(response(refusal).errorReason()).isEqualTo("invalid_transaction_state");
    assertThat(ledger.size()).as("bound: it was on the chain").isEqualTo(1);
  }

  @Test
  void staysPendingWhenTheChainCannotBeAskedForTheOutcome() {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    gate.settle(admitted());
    chain.fails = true;
    assertThat(refused("GET /premium").status()).isEqualTo(503);
    chain.fails = false;
    chain.outcome = ScriptedFacilitator.settled();
    assertThat(admitted().settlement()).isPresent();
  }

  @Test
  void asksForAPaymentAgainWhenTheSettlementFailed() throws Exception {
    chain.settlement = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "gone");
    VerifiedPayment payment = admitted();
    Refusal refusal = gate.refuse(challenge, payment, gate.settle(payment));
    assertThat(refusal.status()).isEqualTo(402);
    assertThat(response(refusal).errorReason()).isEqualTo("insufficient_funds");
    assertThat(refusal.headers()).containsKey("PAYMENT-REQUIRED");
    assertThat(ledger.size()).as("bound: it was on the chain").isEqualTo(1);
  }

  @Test
  void letsThePaymentGoWhenNothingWasSent() {
    chain.failsToSettle = true;
    VerifiedPayment payment = admitted();
    Settlement settlement = gate.settle(payment);
    assertThat(settlement).isEqualTo(new Settlement.Pending(null));
    assertThat(gate.refuse(challenge, payment, settlement).status()).isEqualTo(503);
    assertThat(ledger.size()).isZero();
  }

  @Test
  void readsTheOutcomeLaterWhenTheSettlementBrokeOff() {
    chain.breaks = true;
    VerifiedPayment payment = admitted0();
    assertThatThrownBy(() -> gate.settle(payment)).isInstanceOf(IllegalStateException.class);
    chain.breaks = false;
    chain.outcome = ScriptedFacilitator.settled();
    assertThat(admitted().settlement()).isPresent();
    assertThat(chain.settlements.get()).isEqualTo(1);
  }

  private VerifiedPayment admitted0() {
    chain.breaks = false;
    VerifiedPayment payment = admitted();
    chain.breaks = true;
    return payment;
  }

  @Test
  void givesTheDeliveryForNothingMoreWhenTheHandlerFailedAfterTheMoneyMoved() {
    chain.settlement = ScriptedFacilitator.settled();
    VerifiedPayment payment = admitted();
    gate.settle(payment);
    gate.release(payment);
    chain.outcome = ScriptedFacilitator.settled();
    VerifiedPayment again = admitted();
    assertThat(again.settlement()).isPresent();
    gate.delivered(again);
    assertThat(refused("GET /premium").status()).isEqualTo(402);
    assertThat(chain.settlements.get()).isEqualTo(1);
  }

  @Test
  void givesAReceiptOnlyForWhatWasSettled() throws Exception {
    chain.settlement = ScriptedFacilitator.settled();
    VerifiedPayment payment = admitted();
    assertThatThrownBy(() -> gate.receipt(payment)).isInstanceOf(IllegalStateException.class);
    gate.settle(payment);
    SettlementResponse response =
        PaymentCodec.decodeSettlement(gate.receipt(payment).get("PAYMENT-RESPONSE"));
    assertThat(response.success()).isTrue();
    assertThat(response.transaction()).isEqualTo(ScriptedFacilitator.TX);
    assertThat(response.network()).isEqualTo(Network.BASE);
    assertThat(response.payer()).isEqualTo(Offers.PAYER);
  }
}
