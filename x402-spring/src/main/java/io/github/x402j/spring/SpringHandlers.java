// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.HandlerFramework;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletContext;

/**
 * Tells the payment filter what Spring MVC gates. Found by {@link java.util.ServiceLoader}; not for
 * use in code.
 */
public final class SpringHandlers implements HandlerFramework {
  private static final String ACTIVE = SpringHandlers.class.getName();

  /** Makes what the filter finds. */
  public SpringHandlers() {}

  /** Notes that the starter gates the handlers of this webapp. */
  static void gateIn(ServletContext webapp) {
    webapp.setAttribute(ACTIVE, true);
  }

  /** Leaves every class but servlets and filters to {@link HandlerCheck}, where the starter is. */
  @Override
  public boolean gates(Class<?> annotated, ServletContext webapp) {
    return webapp.getAttribute(ACTIVE) != null
        && !Servlet.class.isAssignableFrom(annotated)
        && !Filter.class.isAssignableFrom(annotated);
  }
}
