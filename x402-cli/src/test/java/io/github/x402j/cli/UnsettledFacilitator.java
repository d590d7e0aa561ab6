// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

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
import io.github.x402j.facilitator.LocalChecks;
import java.util.List;

/** Checks signatures and settles nothing, to measure the rest of a payment. */
final class UnsettledFacilitator implements Facilitator {
  private static final String TRANSACTION = "0x" + "5a".repeat(32);

  private final LocalChecks checks;

  UnsettledFacilitator(LocalChecks checks) {
    this.checks = checks;
  }

  @Override
  public void start(List<PaymentRequirements> offered) {
    checks.start(offered);
  }

  @Override
  public boolean supports(String scheme, Network network) {
    return scheme.equals(PaymentRequirements.EXACT);
  }

  @Override
  public Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    return checks.check(payload, requirements);
  }

  @Override
  public Verification verify(SignedPayment payment) {
    return new Verification.Valid(payment);
  }

  @Override
  public Settlement settle(SignedPayment payment, BeforeBroadcast beforeBroadcast) {
    beforeBroadcast.sending(TRANSACTION);
    return new Settlement.Settled(TRANSACTION, payment.payer(), payment.requirements().amount());
  }

  @Override
  public Settlement outcome(SignedPayment payment, List<String> transactions) {
    return new Settlement.Settled(TRANSACTION, payment.payer(), payment.requirements().amount());
  }
}
