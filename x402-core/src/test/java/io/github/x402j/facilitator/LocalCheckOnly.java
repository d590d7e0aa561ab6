// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.BeforeBroadcast;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.Sale;
import io.github.x402j.gate.Untouchable;
import java.util.List;

/** Checks for real and without a chain; whatever comes after the check fails the test. */
public final class LocalCheckOnly implements Facilitator {
  private final Facilitator local =
      EvmFacilitator.builder(Sale.OFFER.network(), Untouchable.of(Chain.class), Sale.PAYER)
          .clock(Sale.CLOCK)
          .build();

  /** Returns a facilitator that must not be asked for more than the check. */
  public static Facilitator facilitator() {
    return new LocalCheckOnly();
  }

  /** Returns a gate that can only refuse: behind it are no ledger and no chain. */
  public static PaymentGate gate() {
    return PaymentGate.builder()
        .ledger(Untouchable.of(PaymentLedger.class))
        .facilitator(new LocalCheckOnly())
        .build();
  }

  @Override
  public void start(List<PaymentRequirements> offered) {}

  @Override
  public boolean supports(String scheme, Network network) {
    return local.supports(scheme, network);
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return local.check(payload, requirements);
  }

  @Override
  public Verification verify(SignedPayment payment) {
    throw new AssertionError("a broken payment came through the check");
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    throw new AssertionError("a broken payment was to be settled");
  }

  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions) {
    throw new AssertionError("a broken payment was known");
  }
}
