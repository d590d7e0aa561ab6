// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.ErrorReason;
import io.github.x402j.Offers;
import io.github.x402j.PaymentFlow;
import io.github.x402j.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A listener is told when an admission and a settlement begin, and how they end, each once. */
class GateStepsTest {
  private final ScriptedFacilitator chain = new ScriptedFacilitator();
  private final List<String> steps = new ArrayList<>();
  private final MemoryTransport transport = MemoryTransport.running(() -> true);
  private int nonce;

  private final class Recorder implements PaymentListener {
    @Override
    public Step admitting(Purchase purchase) {
      return outcome -> steps.add("admit " + outcome);
    }

    @Override
    public Step settling(VerifiedPayment payment) {
      steps.add("settle");
      return outcome -> steps.add("settle " + outcome);
    }
  }

  private static final class Broken implements PaymentListener {
    @Override
    public Step admitting(Purchase purchase) {
      throw new IllegalStateException("admitting");
    }

    @Override
    public Step settling(VerifiedPayment payment) {
      return outcome -> {
        throw new IllegalStateException(outcome);
      };
    }
  }

  private List<String> sold(PaymentFlow flow, String... headers) {
    PaymentGate gate =
        PaymentGate.builder()
            .facilitator(chain)
            .listener(new Broken())
            .listener(new Recorder())
            .access(
                request ->
                    request.header("Key").isPresent()
                        ? AccessDecision.grant("key")
                        : AccessDecision.charge())
            .build();
    gate.sell(
        gate.challenge(Offers.REQUIRED.withFlow(flow)),
        Sale.purchase("GET /premium"),
        Sale.headers(headers),
        transport);
    return steps;
  }

  private List<String> paid(PaymentFlow flow) {
    return sold(flow, "PAYMENT-SIGNATURE", Offers.v2(flow, ++nonce));
  }

  @Test
  void tellsHowAnAdmissionEnds() {
    assertThat(sold(PaymentFlow.AUTHORIZATION)).containsExactly("admit payment-required");
    steps.clear();
    assertThat(sold(PaymentFlow.AUTHORIZATION, "Key", "k")).containsExactly("admit granted");
    steps.clear();
    assertThat(sold(PaymentFlow.AUTHORIZATION, "PAYMENT-SIGNATURE", "*"))
        .containsExactly("admit refused");
    steps.clear();
    chain.fails = true;
    assertThat(paid(PaymentFlow.AUTHORIZATION)).containsExactly("admit unavailable");
  }

  @Test
  void tellsHowASettlementEnds() {
    for (PaymentFlow flow : PaymentFlow.values()) {
      steps.clear();
      chain.settlement = ScriptedFacilitator.settled();
      assertThat(paid(flow)).containsExactly("admit admitted", "settle", "settle settled");
      steps.clear();
      chain.settlement = new Settlement.Failed(ErrorReason.INSUFFICIENT_FUNDS, "no money");
      assertThat(paid(flow)).containsExactly("admit admitted", "settle", "settle failed");
      steps.clear();
      chain.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
      assertThat(paid(flow)).containsExactly("admit admitted", "settle", "settle pending");
      steps.clear();
      chain.failsToSettle = true;
      assertThat(paid(flow)).containsExactly("admit admitted", "settle", "settle unavailable");
      chain.failsToSettle = false;
    }
  }

  @Test
  void tellsOfASettlementThatIsAnsweredLater() {
    chain.later = new CompletableFuture<>();
    transport.canAnswerLater = true;
    assertThat(paid(PaymentFlow.AUTHORIZATION)).containsExactly("admit admitted", "settle");
    chain.later.complete(ScriptedFacilitator.settled());
    transport.rest.run();
    assertThat(steps).endsWith("settle settled");
  }
}
