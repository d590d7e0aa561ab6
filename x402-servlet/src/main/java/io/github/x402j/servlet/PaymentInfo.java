// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Price;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an OpenAPI document says of a priced operation: the extension {@code x-payment-info}, as
 * indexes of paid services read it.
 *
 * <pre>{@code
 * x-payment-info:
 *   price: {mode: fixed, currency: USD, amount: "0.01"}
 *   protocols: [{x402: {}}]
 * }</pre>
 */
public final class PaymentInfo {
  /** The name of the extension. */
  public static final String EXTENSION = "x-payment-info";

  private PaymentInfo() {}

  /**
   * Returns the value of the extension, of maps, lists and texts.
   *
   * @param fixed the price, empty where it depends on the request
   */
  public static Map<String, Object> of(Optional<Price> fixed) {
    Map<String, Object> price = new LinkedHashMap<>();
    price.put("mode", fixed.isPresent() ? "fixed" : "dynamic");
    price.put("currency", "USD");
    fixed.ifPresent(known -> price.put("amount", known.dollars().toPlainString()));
    Map<String, Object> info = new LinkedHashMap<>();
    info.put("price", price);
    info.put("protocols", List.of(Map.of("x402", Map.of())));
    return info;
  }
}
