// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.ServletContext;

/**
 * A framework that runs handlers by its own rules, and whose integration puts a gate in front of
 * each that carries {@link RequiresPayment}: Spring MVC, JAX-RS. Found by {@link
 * java.util.ServiceLoader}. Where there is one, every request may be asked for a payment while it
 * is handled; see {@link HandlerPrices}.
 */
public interface HandlerFramework {
  /**
   * Returns whether this framework gates a class that carries {@link RequiresPayment}, or one of
   * whose methods does. A class that none gates fails the start.
   */
  boolean gates(Class<?> annotated);

  /**
   * Returns whether the integration is set up in this webapp, and not on its class path alone. If
   * not, it gates nothing. Default: it always is.
   */
  default boolean isSetUpIn(ServletContext webapp) {
    return true;
  }
}
