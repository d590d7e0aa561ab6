// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import java.util.Arrays;
import org.springframework.beans.factory.config.InstantiationAwareBeanPostProcessor;
import org.springframework.web.servlet.handler.AbstractHandlerMapping;

/**
 * Adds the interceptor to every handler mapping, behind those that it was made with. This is the
 * moment after the mapping was made and before it reads its interceptors, which it does when it
 * gets the application context.
 */
final class HandlerMappings implements InstantiationAwareBeanPostProcessor {
  private final PaymentInterceptor interceptor;

  HandlerMappings(PaymentInterceptor interceptor) {
    this.interceptor = interceptor;
  }

  @Override
  public boolean postProcessAfterInstantiation(Object bean, String beanName) {
    if (bean instanceof AbstractHandlerMapping mapping) {
      mapping.setInterceptors(interceptor);
    }
    return true;
  }

  /** Returns whether the handlers of this mapping are gated. */
  boolean gate(AbstractHandlerMapping mapping) {
    return mapping.getAdaptedInterceptors() != null
        && Arrays.asList(mapping.getAdaptedInterceptors()).contains(interceptor);
  }
}
