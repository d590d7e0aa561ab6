// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.Offers;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was begun while a facilitator settled more networks than it does after a restart. */
class FormerFacilitatorTest {
  private final ScriptedFacilitator settles = new ScriptedFacilitator();
  private final InMemoryPaymentLedger ledger = InMemoryPaymentLedger.create();

  /** Settles on some networks. */
  private record On(Facilitator facilitator, Set<Network> networks) implements Facilitator {
    @Override
    public void start(List<PaymentRequirements> offered) {}

    @Override
    public boolean supports(String scheme, Network network) {
      return networks.contains(network);
    }

    @Override
    public Verification check(PaymentPayload payload, PaymentRequirements requirements)
        throws MalformedPaymentException, FacilitatorException {
      return facilitator.check(payload, requirements);
    }

    @Override
    public Verification verify(SignedPayment payment) throws FacilitatorException {
      return facilitator.verify(payment);
    }

    @Override
    public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast)
        throws FacilitatorException {
      return facilitator.settle(payment, beforeBroadcast);
    }

    @Override
    public Settlement outcome(SignedPayment payment, List<String> transactions)
        throws FacilitatorException {
      return facilitator.outcome(payment, transactions);
    }
  }

  private MemoryTransport send(int nonce, PaymentRequirements... offered) {
    Set<Network> networks = Set.of(offered[0].network());
    PaymentGate gate =
        PaymentGate.builder().ledger(ledger).facilitator(new On(settles, networks)).build();
    MemoryTransport transport = MemoryTransport.running(() -> true);
    gate.sell(
        gate.challenge(
            PaymentRequired.of(ResourceInfo.of("https://a.example/b"), List.of(offered))),
        Sale.purchase("GET /b"),
        Sale.headers("PAYMENT-SIGNATURE", Offers.v2(nonce)),
        transport);
    return transport;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void asksForTheSamePaymentAgainWhereItsMoneyMayHaveMoved(boolean stillOffered) {
    settles.settlement = new Settlement.Pending(ScriptedFacilitator.TX);
    assertThat(send(1, Offers.BASE).calls).containsExactly("run", "refuse 503");

    PaymentRequirements[] now =
        stillOffered
            ? new PaymentRequirements[] {Offers.BASE_SEPOLIA, Offers.BASE}
            : new PaymentRequirements[] {Offers.BASE_SEPOLIA};
    assertThat(send(1, now).calls).containsExactly("refuse 503");
    assertThat(send(2, now).calls).as("never begun").containsExactly("refuse 402");

    settles.outcome = ScriptedFacilitator.settled();
    assertThat(send(1, Offers.BASE).calls).containsExactly("run", "headers", "deliver");
    assertThat(send(1, now).calls).as("delivered").containsExactly("refuse 402");
  }
}
