// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.PaymentFilter;

/**
 * Changes the filter that the starter builds. Beans of this type are called in their order, after
 * the properties and the beans were applied.
 *
 * <pre>{@code
 * @Bean
 * PaymentFilterCustomizer alsoOnPolygon() {
 *   return filter -> filter.accept(Usdc.POLYGON, "0xYourAddress");
 * }
 * }</pre>
 */
@FunctionalInterface
public interface PaymentFilterCustomizer {
  /** Sets what is to be set; called once, before the filter is built. */
  void customize(PaymentFilter.Builder filter);
}
