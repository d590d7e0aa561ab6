// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import io.github.x402j.Price;
import io.github.x402j.Settings;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.core.Configuration;
import jakarta.ws.rs.core.Feature;
import jakarta.ws.rs.core.FeatureContext;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Functions that price a request, by the names that {@link RequiresPayment#pricedBy} gives.
 * Register it in the application:
 *
 * <pre>{@code
 * register(PaymentPrices.named("perRow", request -> perRow(request.getParameter("rows"))));
 * ...
 * @GET
 * @RequiresPayment(pricedBy = "perRow")
 * public List<Row> rows(@QueryParam("rows") int rows) { ... }
 * }</pre>
 *
 * <p>A function must give the same price for the request without and with its payment, and must not
 * read the body. What it throws is answered with 500. Immutable.
 */
public final class PaymentPrices implements Feature {
  private static final String PROPERTY = PaymentPrices.class.getName() + ".";

  private final Map<String, Function<HttpServletRequest, Price>> functions;

  private PaymentPrices(Map<String, Function<HttpServletRequest, Price>> functions) {
    this.functions = functions;
  }

  /** Returns one function. */
  public static PaymentPrices named(
      @Nullable String name, Function<HttpServletRequest, Price> price) {
    return new PaymentPrices(Map.of()).and(name, price);
  }

  /**
   * Returns these and one more. JAX-RS takes one object of this class.
   *
   * @throws IllegalArgumentException if there is one of that name
   */
  public PaymentPrices and(@Nullable String name, Function<HttpServletRequest, Price> price) {
    String key = Settings.require("price function", "a name", name);
    Map<String, Function<HttpServletRequest, Price>> all = new LinkedHashMap<>(functions);
    if (all.put(key, price) != null) {
      throw new IllegalArgumentException("price function \"" + key + "\": it is named twice");
    }
    return new PaymentPrices(all);
  }

  @Override
  public boolean configure(FeatureContext context) {
    functions.forEach((name, price) -> context.property(PROPERTY + name, price));
    return true;
  }

  /** Returns the function of that name in an application. */
  @SuppressWarnings("unchecked") // only configure() sets the property
  static Optional<Function<HttpServletRequest, Price>> find(
      Configuration application, String name) {
    return Optional.ofNullable(
        (Function<HttpServletRequest, Price>) application.getProperty(PROPERTY + name));
  }
}
