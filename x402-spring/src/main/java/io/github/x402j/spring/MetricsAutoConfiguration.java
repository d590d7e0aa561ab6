// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.evm.ChainListener;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.micrometer.PaymentMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Meters and observations of what is sold, where x402-micrometer and a registry are there. */
@AutoConfiguration(
    after = X402AutoConfiguration.class,
    afterName = {
      "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration",
      "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"
    })
@ConditionalOnClass({PaymentMetrics.class, MeterRegistry.class})
@ConditionalOnBean({MeterRegistry.class, X402Properties.class})
final class MetricsAutoConfiguration {

  @Bean
  @ConditionalOnMissingBean
  PaymentMetrics x402PaymentMetrics(
      MeterRegistry registry, ObjectProvider<ObservationRegistry> observations) {
    ObservationRegistry known = observations.getIfUnique();
    return known == null ? PaymentMetrics.of(registry) : PaymentMetrics.of(registry, known);
  }

  @Bean
  @ConditionalOnMissingBean
  ChainListener x402ChainMetrics(
      PaymentMetrics metrics, X402Properties properties, ObjectProvider<LocalMoney> dev) {
    return metrics.chain(network(properties, dev));
  }

  @Bean
  SmartInitializingSingleton x402Gauges(
      PaymentMetrics metrics,
      X402Properties properties,
      ObjectProvider<LocalMoney> dev,
      ObjectProvider<Facilitator> facilitators,
      ObjectProvider<PaymentLedger> ledger) {
    return () -> {
      facilitators.stream()
          .filter(EvmFacilitator.class::isInstance)
          .map(EvmFacilitator.class::cast)
          .forEach(evm -> metrics.watch(network(properties, dev), evm));
      ledger.ifAvailable(metrics::watch);
    };
  }

  private static Network network(X402Properties properties, ObjectProvider<LocalMoney> dev) {
    return FilterFactory.token(properties, dev.getIfAvailable()).network();
  }
}
