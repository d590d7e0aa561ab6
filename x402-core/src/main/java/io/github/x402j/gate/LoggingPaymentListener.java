// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentRequired;
import io.github.x402j.Settlement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes payments to the SLF4J logger {@code io.github.x402j.gate.PaymentGate}: resource, payer,
 * amount, transaction, code. No signature, header, key or URL of a chain.
 */
public final class LoggingPaymentListener implements PaymentListener {
  private static final Logger log = LoggerFactory.getLogger(PaymentGate.class);

  /** Creates the listener. */
  public LoggingPaymentListener() {}

  @Override
  public void offered(PaymentRequired required) {
    log.debug("payment required for {}", required.resource().url());
  }

  @Override
  public void verified(VerifiedPayment payment) {
    log.debug("payment verified for {}: {}", payment.required().resource().url(), payment);
  }

  @Override
  public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
    log.info(
        "payment settled for {}: {} in {}",
        payment.required().resource().url(),
        payment,
        settlement.transaction());
  }

  @Override
  public void pending(VerifiedPayment payment, Settlement.Pending settlement) {
    log.warn(
        "payment pending for {}: {} in {}",
        payment.required().resource().url(),
        payment,
        settlement.transaction().orElse("no known transaction"));
  }

  @Override
  public void failed(PaymentRequired required, ErrorReason reason, String detail) {
    log.info(
        "payment refused for {}: {}: {}", required.resource().url(), reason.wireCode(), detail);
  }

  @Override
  public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
    log.warn(
        "payment settled in {} and not delivered for {}: {}; the same payment may be sent again",
        settlement.transaction(),
        payment.required().resource().url(),
        payment);
  }

  @Override
  public void unavailable(PaymentRequired required, String what) {
    log.warn("payment for {} could not be handled: {}", required.resource().url(), what);
  }
}
