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
 * The mark of a request that is being paid for. Lives in a request attribute; no client can put an
 * object of this class there.
 */
final class PaidExchange {
  private static final String ATTRIBUTE = PaidExchange.class.getName();

  private final VerifiedPayment payment;
  private volatile boolean held;
  private volatile boolean delivered;
  private volatile Reply.@Nullable Answer refusal;

  private PaidExchange(VerifiedPayment payment, boolean held) {
    this.payment = payment;
    this.held = held;
  }

  /** Marks a request whose payment is settled, and whose response goes straight out. */
  static void mark(ServletRequest request, VerifiedPayment payment) {
    request.setAttribute(ATTRIBUTE, new PaidExchange(payment, false));
  }

  /** Marks a request whose response is held back. */
  static PaidExchange markHeld(ServletRequest request, VerifiedPayment payment) {
    PaidExchange exchange = new PaidExchange(payment, true);
    request.setAttribute(ATTRIBUTE, exchange);
    return exchange;
  }

  static void unmark(ServletRequest request) {
    request.removeAttribute(ATTRIBUTE);
  }

  static Optional<PaidExchange> of(ServletRequest request) {
    return request.getAttribute(ATTRIBUTE) instanceof PaidExchange exchange
        ? Optional.of(exchange)
        : Optional.empty();
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

  /** Nothing is held back any more: the money has moved and the response goes out. */
  void delivered() {
    held = false;
    delivered = true;
  }

  /** Returns whether what was paid for is in the response, which must reach the client then. */
  boolean isDelivered() {
    return delivered;
  }

  /** The handler reached for what it must not, what costs more, say: nothing goes out but this. */
  void refuseWith(Reply.Answer answer) {
    refusal = answer;
  }

  Optional<Reply.Answer> refusal() {
    return Optional.ofNullable(refusal);
  }
}
