// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import io.github.x402j.gate.AccessHook;
import io.github.x402j.gate.VerifiedPayment;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Gives a handler the payment for its request, and lets it ask for one. */
public final class Payments {
  private Payments() {}

  /**
   * Returns the payment for this request: payer, amount and, where the money has moved already
   * ({@link Route#settleFirst()}), the transaction. Empty in a handler that is free.
   *
   * <p>A client cannot forge it: only the gate can make this object.
   */
  public static Optional<VerifiedPayment> of(ServletRequest request) {
    return PaidRequest.of(request).map(PaidRequest::payment);
  }

  /**
   * Returns why an {@link AccessHook} has let this request in without a payment; empty in a handler
   * that is paid for, or free for all.
   */
  public static Optional<String> grantOf(ServletRequest request) {
    return GrantedRequest.of(request).map(GrantedRequest::reason);
  }

  /**
   * Asks for a payment, for a price that is known only while the request is handled: tokens
   * counted, rows found.
   *
   * <pre>{@code
   * List<Row> rows = find(request.getParameter("q"));
   * Payments.require(request, rows.size() > 100 ? "$0.05" : "$0.01");
   * }</pre>
   *
   * <p>Call it before anything is written, in the thread of the dispatch, and again with the same
   * price when the request comes with its payment. The response is held from then on, and the
   * payment settled when the handler has ended well. What the handler did before is not paid for:
   * headers that it set go out with the 402. A second call passes if the payment covers its price;
   * so name the whole price, not a part.
   *
   * <p>A rule has to let the handler do it: {@link Route#pricedByHandler()}. Handlers of a
   * framework with an integration (x402-spring, x402-jaxrs) need no rule.
   *
   * @return the payment, verified; it is not settled unless the rule settles first. Empty if an
   *     {@link AccessHook} has let the request in without one
   * @throws PaymentRequiredException if the request brings no good payment; the filter answers
   * @throws IllegalStateException if no rule lets the handler ask, or it has written already
   */
  public static Optional<VerifiedPayment> require(HttpServletRequest request, Price price) {
    HandlerPrices prices =
        HandlerPrices.of(request.getServletContext())
            .orElseThrow(() -> new IllegalStateException("this webapp has no PaymentFilter"));
    if (!prices.require(request, price)) {
      throw new PaymentRequiredException();
    }
    return of(request);
  }

  /**
   * Asks for a payment, as {@link #require(HttpServletRequest, Price)}.
   *
   * @param price as {@link Price#parse} takes it
   * @throws IllegalArgumentException if it is not a price
   */
  public static Optional<VerifiedPayment> require(
      HttpServletRequest request, @Nullable String price) {
    return require(request, Price.parse(price));
  }
}
