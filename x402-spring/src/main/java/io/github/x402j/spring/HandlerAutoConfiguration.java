// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.servlet.PaymentFilter;
import jakarta.servlet.ServletContext;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.DispatcherServlet;

/**
 * Puts the gate in front of every annotated handler. It is there with {@code x402.enabled=false},
 * too: what carries a price is never given away.
 */
@AutoConfiguration(after = X402AutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass(DispatcherServlet.class)
final class HandlerAutoConfiguration {

  @Bean
  static PricedHandlers x402PricedHandlers(
      ConfigurableListableBeanFactory beans,
      ObjectProvider<PaymentFilter> filter,
      ObjectProvider<ServletContext> webapp) {
    return new PricedHandlers(new AnnotationPrices(beans), filter, webapp);
  }

  @Bean
  static HandlerMappings x402HandlerMappings(ObjectProvider<PricedHandlers> handlers) {
    return new HandlerMappings(new PaymentInterceptor(handlers));
  }

  /** A filter that the webapp has made itself asks for it, too. */
  @Bean
  ServletContextInitializer x402GatesHandlers() {
    return SpringHandlers::gateIn;
  }

  @Bean
  PaymentHandlerAdapter x402HandlerAdapter(
      PricedHandlers handlers, ConfigurableListableBeanFactory beans) {
    return new PaymentHandlerAdapter(handlers, beans);
  }

  @Bean
  static HandlerCheck x402HandlerCheck(
      ConfigurableListableBeanFactory beans,
      ObjectProvider<PricedHandlers> handlers,
      HandlerMappings mappings) {
    return new HandlerCheck(beans, handlers, mappings);
  }
}
