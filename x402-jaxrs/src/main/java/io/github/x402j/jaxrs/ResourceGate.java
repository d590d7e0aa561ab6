// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.servlet.HandlerPrices;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.PricedHandler;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A resource method, or class, with its price. Some containers start the servlet of JAX-RS before
 * the filter; then the price is added when the filter starts.
 */
final class ResourceGate {
  private final ResourcePrice price;
  private final String name;
  private volatile @Nullable PricedHandler handler;

  /**
   * @param name what its sales are recorded under
   * @param check what else is required of it
   * @throws IllegalStateException if the price does not fit the tokens of the filter, or there is
   *     no filter
   */
  ResourceGate(
      ResourcePrice price,
      String name,
      Route rule,
      ServletContext context,
      Consumer<PricedHandler> check) {
    this.price = price;
    this.name = name;
    if (HandlerPrices.of(context).isEmpty() && !isFilterRegistered(context)) {
      throw price.wrong("nothing gates it: the webapp has no PaymentFilter", null);
    }
    HandlerPrices.whenKnown(
        context,
        prices -> {
          PricedHandler added = add(prices, rule);
          check.accept(added);
          handler = added;
        });
  }

  private static boolean isFilterRegistered(ServletContext context) {
    return context.getFilterRegistrations().values().stream()
        .anyMatch(filter -> PaymentFilter.class.getName().equals(filter.getClassName()));
  }

  private PricedHandler add(HandlerPrices prices, Route rule) {
    try {
      return prices.add(name, rule);
    } catch (IllegalArgumentException e) {
      throw price.wrong(e.getMessage(), e);
    }
  }

  /**
   * Returns whether the method may run.
   *
   * @throws IllegalStateException if no filter has decided on the request
   */
  boolean admit(HttpServletRequest request) {
    PricedHandler ready = handler;
    if (ready == null) {
      throw price.wrong("the PaymentFilter was not initialised", null);
    }
    return ready.admit(request);
  }

  /** Notes that the method has failed; see {@link PricedHandler#failed}. */
  void failed(HttpServletRequest request, Throwable failure) {
    PricedHandler admitted = handler;
    if (admitted != null) {
      admitted.failed(request, failure);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
