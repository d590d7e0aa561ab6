// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentRequirements;
import io.github.x402j.Refusal;
import io.github.x402j.VerifiedPayment;
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
  private volatile @Nullable Refusal refusal;

  private PaidExchange(VerifiedPayment payment) {
    this.payment = payment;
  }

  static PaidExchange mark(ServletRequest request, VerifiedPayment payment) {
    PaidExchange exchange = new PaidExchange(payment);
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

  /** The handler reached for what costs more: nothing is delivered but this. */
  void refuseWith(Refusal answer) {
    refusal = answer;
  }

  Optional<Refusal> refusal() {
    return Optional.ofNullable(refusal);
  }
}
