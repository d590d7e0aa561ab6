// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import io.github.x402j.Verification;
import io.github.x402j.testing.MutableClock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What an observer is told of an exchange, and what counts against its payer. */
class GateEventsTest {
  private static final int BUDGET = 3;

  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final List<String> events = new ArrayList<>();
  private final PaymentGate gate =
      PaymentGate.builder()
          .ledger(InMemoryPaymentLedger.withCapacity(100))
          .facilitator(chain)
          .failuresPerMinute(BUDGET)
          .clock(new MutableClock())
          .listener(new Recorder())
          .build();
  private final Challenge challenge = gate.challenge(Offers.REQUIRED);
  private int nonce;

  private final class Recorder implements PaymentListener {
    @Override
    public void offered(PaymentRequired required) {
      events.add("offered");
    }

    @Override
    public void verified(VerifiedPayment payment) {
      events.add("verified");
    }

    @Override
    public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
      events.add("settled " + settlement.transaction());
    }

    @Override
    public void pending(VerifiedPayment payment, Settlement.Pending settlement) {
      events.add("pending");
    }

    @Override
    public void failed(PaymentRequired required, ErrorReason reason, String detail) {
      events.add("failed " + reason.wireCode() + ": " + detail);
    }

    @Override
    public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
      events.add("undelivered");
    }

    @Override
    public void unavailable(PaymentRequired required, String what) {
      events.add("unavailable: " + what);
    }
  }

  private Admission pay(int number) {
    return gate.admit(
        challenge,
        Sale.purchase("GET /premium"),
        name -> name.equals("PAYMENT-SIGNATURE") ? List.of(Offers.v2(number)) : List.of());
  }

  private VerifiedPayment admitted(int number) {
    return ((Admission.Admitted) pay(number)).payment();
  }

  @Test
  void tellsOfAnOffer() {
    gate.admit(challenge, Sale.purchase("GET /premium"), name -> List.of());
    assertThat(events).containsExactly("offered");
  }

  @Test
  void tellsOfAPaymentThatGoesThrough() {
    chain.settlement = ScriptedFacilitator.settled();
    gate.settle(admitted(1));
    assertThat(events).containsExactly("verified", "settled " + ScriptedFacilitator.TX);
  }

  @Test
  void tellsOfAMessageThatCannotBeRead() {
    gate.admit(challenge, Sale.purchase("GET /premium"), name -> List.of("*"));
    assertThat(events).singleElement().asString().matches("failed invalid_payload: .{10,}");
  }

  @Test
  void tellsOfARefusalAndOfASettlementThatFails() {
    chain.settlement = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "the balance is 3");
    gate.settle(admitted(1));
    chain.invalidOnChain =
        new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "the balance is 2", Offers.PAYER);
    pay(2);
    assertThat(events)
        .containsExactly(
            "verified",
            "failed insufficient_funds: the balance is 3",
            "failed insufficient_funds: the balance is 2");
  }

  @Test
  void tellsOfAPendingPaymentAndOfItsOutcome() {
    chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    chain.outcome = chain.settlement;
    gate.settle(admitted(1));
    pay(1);
    chain.outcome = ScriptedFacilitator.settled();
    admitted(1);
    assertThat(events)
        .containsExactly(
            "verified",
            "pending",
            "unavailable: the settlement's outcome is not known yet",
            "settled " + ScriptedFacilitator.TX);
  }

  @Test
  void tellsOfAChainThatDoesNotAnswer() {
    chain.failsToSettle = true;
    gate.settle(admitted(1));
    chain.fails = true;
    pay(2);
    assertThat(events)
        .containsExactly(
            "verified", "unavailable: gas is too dear", "unavailable: the chain did not answer");
  }

  @Test
  void tellsOfWhatWasPaidAndNotDelivered() {
    chain.settlement = ScriptedFacilitator.settled();
    VerifiedPayment payment = admitted(1);
    gate.settle(payment);
    gate.release(payment);
    assertThat(events).endsWith("undelivered");
  }

  @Test
  void countsPaymentsThatTheChainRefuses() {
    chain.invalidOnChain =
        new Verification.Invalid(ErrorReason.INSUFFICIENT_FUNDS, "no", Offers.PAYER);
    spendsItsBudget(this::pay);
  }

  @Test
  void countsSettlementsThatFail() {
    chain.settlement = new Settlement.Failed(ErrorReason.INVALID_TRANSACTION_STATE, "reverted");
    spendsItsBudget(number -> gate.settle(admitted(number)));
  }

  @Test
  void countsHandlersThatFail() {
    spendsItsBudget(number -> gate.release(admitted(number)));
  }

  private void spendsItsBudget(Consumer<Integer> fail) {
    for (int i = 0; i < BUDGET; i++) {
      fail.accept(++nonce);
    }
    events.clear();
    int seen = chain.verifications.get();

    Admission admission = pay(++nonce);

    assertThat(((Admission.Refused) admission).refusal().status()).isEqualTo(429);
    assertThat(chain.verifications).hasValue(seen);
    assertThat(events).containsExactly("unavailable: the payer's failure budget is spent");
  }
}
