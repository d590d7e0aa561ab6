// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletRequest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that brought a payment, or a receipt of one: what it is for, and how far it has come.
 * Once its handler runs, it is an attribute of the servlet request; no client can put an object of
 * this class there.
 */
final class PaidRequest {
  private static final String ATTRIBUTE = PaidRequest.class.getName();

  private final VerifiedPayment payment;
  private volatile boolean held;
  private volatile boolean delivered;
  private volatile GatedResponse.@Nullable Answer refusal;

  PaidRequest(VerifiedPayment payment) {
    this.payment = payment;
  }

  static Optional<PaidRequest> of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof PaidRequest paid
        ? Optional.of(paid)
        : Optional.empty();
  }

  /** Notes that the payment is settled, and the response goes straight out. */
  void markStreamed(ServletRequest request) {
    request.setAttribute(ATTRIBUTE, this);
  }

  /** Notes that the response is held back. */
  void markHeld(ServletRequest request) {
    held = true;
    request.setAttribute(ATTRIBUTE, this);
  }

  /** Ends the hold. What is delivered needs no payment in a later dispatch of the request. */
  void endHold(ServletRequest request) {
    if (held) {
      request.removeAttribute(ATTRIBUTE);
    }
  }

  VerifiedPayment payment() {
    return payment;
  }

  /** Returns whether the payment is enough for what costs this, too: same terms, no more money. */
  boolean covers(List<PaymentRequirements> other) {
    PaymentRequirements paid = payment.requirements();
    return other.stream()
        .anyMatch(
            option ->
                option.network().equals(paid.network())
                    && option.asset().equals(paid.asset())
                    && option.payTo().equals(paid.payTo())
                    && option.amount().compareTo(paid.amount()) <= 0);
  }

  /** Returns whether the response is held back, and can still become another one. */
  boolean isHeld() {
    return held;
  }

  /** Notes that the money has moved and the response goes out. */
  void delivered() {
    held = false;
    delivered = true;
  }

  /** Returns whether what was paid for is in the response, which must reach the client then. */
  boolean isDelivered() {
    return delivered;
  }

  /** Replaces the held response: the handler reached what it must not, such as what costs more. */
  void refuseWith(GatedResponse.Answer answer) {
    refusal = answer;
  }

  Optional<GatedResponse.Answer> refusal() {
    return Optional.ofNullable(refusal);
  }
}
