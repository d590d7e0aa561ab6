// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.UnreachableException;
import io.github.x402j.servlet.PaymentFilter;
import jakarta.servlet.ServletContext;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.core.Ordered;

/** Tells the filter of the webapp and its servlets; last, so that every servlet is known. */
final class ServletRegistrations implements ServletContextInitializer, Ordered {
  private final PaymentFilter filter;

  ServletRegistrations(PaymentFilter filter) {
    this.filter = filter;
  }

  @Override
  public void onStartup(ServletContext context) {
    try {
      PaymentFilter.registerServlets(context, filter);
    } catch (UnreachableException e) {
      throw new StartFailedException(
          String.valueOf(e.getMessage()),
          "See that the node or the facilitator answers, or set x402.start-without-node=true: then"
              + " the webapp starts, and priced routes answer 503 until it does.",
          e);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new StartFailedException(
          String.valueOf(e.getMessage()), "Correct what the message names.", e);
    }
  }

  @Override
  public int getOrder() {
    return LOWEST_PRECEDENCE;
  }
}
