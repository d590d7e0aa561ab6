// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.servlet.hold.HeldRun;
import jakarta.servlet.http.HttpServletRequest;

/**
 * A handler of a framework with its price. Made by {@link HandlerPrices#add}. Safe for use by
 * several threads.
 */
public final class PricedHandler {
  private final HandlerPrices prices;
  private final PriceList.PricedRoute rule;

  PricedHandler(HandlerPrices prices, PriceList.PricedRoute rule) {
    this.prices = prices;
    this.rule = rule;
  }

  /**
   * Decides on a request right before its handler runs, in the thread of the dispatch. It verifies
   * a payment against the chain, and settles it where the rule settles first.
   *
   * @return whether the handler may run. If not, the {@link PaymentFilter} answers; whatever is
   *     written to the response from now on is thrown away
   * @throws IllegalStateException if no {@link PaymentFilter} has seen this dispatch, or the
   *     response was used already: the handler must not run
   */
  public boolean admit(HttpServletRequest request) {
    return prices.admit(rule, request);
  }

  /**
   * Requires that no rule of the filter, which is decided first, takes less for a request of this
   * handler. Call it when the webapp starts.
   *
   * @throws IllegalStateException if one does, or if the price of this handler depends on the
   *     request; the message names handler, mapping, rule and both prices
   */
  public void requireNoCheaperRule(HandlerPaths paths) {
    prices.requirePaid(rule, paths, false);
  }

  /**
   * Requires the same of the rules that settle first alone: for paths that are not certain. Behind
   * other rules the payer is refused, and has not paid.
   *
   * @throws IllegalStateException if one takes less
   */
  public void requireNoCheaperRuleThatSettlesFirst(HandlerPaths paths) {
    prices.requirePaid(rule, paths, true);
  }

  /**
   * Notes that a handler that was admitted has failed, for a framework that keeps it to itself once
   * the response is committed. Call it before the handler's response is complete: a held one is not
   * paid for then.
   */
  public void failed(HttpServletRequest request, Throwable failure) {
    HeldRun run = HeldRun.of(request);
    if (run != null) {
      run.note(failure);
    }
    PaidRequest.of(request).ifPresent(PaidRequest::dispatchFailed);
  }

  /** Returns the name that its sales are recorded under. */
  @Override
  public String toString() {
    return rule.name();
  }
}
