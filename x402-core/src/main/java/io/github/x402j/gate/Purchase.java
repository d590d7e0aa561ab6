// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.RequestMethod;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a request buys, in the seller's own words; payments and receipts are compared with it.
 *
 * @param request names the request (method, resource, query), so that a payment that was begun for
 *     it is finished for nothing else
 * @param method the request's method; HEAD counts as GET
 * @param query the request's query as it came, or null if it has none
 * @param sold the pass that a payment for this request buys and that opens it, or null if there is
 *     none
 * @param route the seller's name of what is sold, for the {@link SalesBook}, or null for the URL of
 *     the resource
 * @param hasFixedPrice whether the price depends on nothing but {@code request}
 * @param signInFor how long a payer that has bought it may sign in for it, or null if it may not
 */
public record Purchase(
    String request,
    String method,
    @Nullable String query,
    @Nullable Pass sold,
    @Nullable String route,
    boolean hasFixedPrice,
    @Nullable Duration signInFor) {
  /** Counts HEAD as GET. */
  public Purchase {
    if (request.isEmpty() || method.isEmpty()) {
      throw new IllegalArgumentException("purchase: expected a request and a method");
    }
    method = RequestMethod.priced(method);
  }

  /** Returns the purchase of one answer, without a query. */
  public static Purchase of(String request, String method) {
    return new Purchase(request, method, null, null, null, false, null);
  }

  /** Returns this purchase for a request with this query; null for none. */
  public Purchase withQuery(@Nullable String newQuery) {
    return new Purchase(request, method, newQuery, sold, route, hasFixedPrice, signInFor);
  }

  /** Returns this purchase of a pass. */
  public Purchase withPass(Pass newPass) {
    return new Purchase(request, method, query, newPass, route, hasFixedPrice, signInFor);
  }

  /** Returns this purchase under the seller's name of what is sold. */
  public Purchase withRoute(String newRoute) {
    return new Purchase(request, method, query, sold, newRoute, hasFixedPrice, signInFor);
  }

  /**
   * Returns this purchase, whose price depends on nothing but the name of the request. A payment
   * that was begun is finished then though the price has risen since. Default: the price may depend
   * on more, such as a header or the body. A payment that was begun is finished then only while the
   * request costs no more than was paid: a dearer request of the same name could take its place.
   */
  public Purchase withFixedPrice() {
    return new Purchase(request, method, query, sold, route, true, signInFor);
  }

  /**
   * Returns this purchase, for which a payer may sign in again for this long after it has paid. Its
   * price must be the same for every request of this name.
   */
  public Purchase withSignIn(Duration time) {
    return new Purchase(request, method, query, sold, route, hasFixedPrice, time);
  }

  /** Returns the pass, empty if none is sold. */
  public Optional<Pass> pass() {
    return Optional.ofNullable(sold);
  }
}
