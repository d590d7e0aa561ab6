// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.servlet.PaymentFilter;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Health and the endpoint {@code x402} of Actuator. */
@AutoConfiguration(after = {X402AutoConfiguration.class, HandlerAutoConfiguration.class})
@ConditionalOnBean({PaymentFilter.class, X402Properties.class})
@ConditionalOnClass(Endpoint.class)
final class ActuatorAutoConfiguration {

  @Bean
  SellingHealth x402SellingHealth(
      PaymentFilter filter,
      X402Properties properties,
      ObjectProvider<LocalMoney> dev,
      ObjectProvider<PaymentLedger> ledger) {
    return SellingHealth.of(filter, properties, dev.getIfAvailable(), ledger.getIfAvailable());
  }

  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
  @ConditionalOnAvailableEndpoint(endpoint = X402Endpoint.class)
  static final class Shown {
    @Bean
    X402Endpoint x402Endpoint(
        PaymentFilter filter,
        X402Properties properties,
        ObjectProvider<LocalMoney> dev,
        ObjectProvider<PricedHandlers> handlers) {
      return new X402Endpoint(filter, properties, dev.getIfAvailable(), handlers.getIfAvailable());
    }
  }

  /** Where Boot 3.5 has the types. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "org.springframework.boot.actuate.health.HealthIndicator")
  @org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator("x402")
  static final class HealthOfBoot3 {
    @Bean
    org.springframework.boot.actuate.health.HealthIndicator x402HealthIndicator(
        SellingHealth selling) {
      return () -> {
        SellingHealth.Found found = selling.check();
        var health = new org.springframework.boot.actuate.health.Health.Builder();
        return (found.isUp() ? health.up() : health.down()).withDetails(found.details()).build();
      };
    }
  }

  /** Where Boot 4 has them. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(name = "org.springframework.boot.health.contributor.HealthIndicator")
  @org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator(
      "x402")
  static final class HealthOfBoot4 {
    @Bean
    org.springframework.boot.health.contributor.HealthIndicator x402HealthIndicator(
        SellingHealth selling) {
      return () -> {
        SellingHealth.Found found = selling.check();
        var health = new org.springframework.boot.health.contributor.Health.Builder();
        return (found.isUp() ? health.up() : health.down()).withDetails(found.details()).build();
      };
    }
  }
}
