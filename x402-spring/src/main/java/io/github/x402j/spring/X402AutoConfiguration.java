// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.evm.ChainListener;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.facilitator.HttpFacilitator;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.testing.LocalChain;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.Environment;

/** Sells what the properties price. */
@AutoConfiguration(
    afterName = {
      "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
      "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration"
    })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnProperty(
    prefix = "x402",
    name = "enabled",
    havingValue = "true",
    matchIfMissing = true)
@EnableConfigurationProperties(X402Properties.class)
@Import(DatabaseConfiguration.class)
@ImportRuntimeHints(SellingHints.class)
final class X402AutoConfiguration {
  /** The name of the bean that the properties describe. */
  static final String FACILITATOR = "x402Facilitator";

  @Bean(FACILITATOR)
  @ConditionalOnMissingBean
  Facilitator x402Facilitator(
      X402Properties properties,
      BeanFactory beans,
      ObjectProvider<LocalMoney> dev,
      ObjectProvider<EvmSigner> signers,
      ObjectProvider<ChainListener> listeners,
      ObjectProvider<HttpFacilitator.Authentication> credentials) {
    ChainListener listener = listeners.getIfUnique(() -> ChainListener.NONE);
    LocalMoney local = dev.getIfAvailable();
    if (local != null) {
      return local.facilitator(listener);
    }
    RequiredProperties.check(properties, beans);
    Network network = FilterFactory.token(properties, null).network();
    return new PropertyFacilitator(properties, network, listener).make(signers, credentials);
  }

  /** Where no database was asked for, and no bean is there. */
  @Bean
  @ConditionalOnMissingBean
  PaymentLedger x402MemoryLedger() {
    return InMemoryPaymentLedger.create();
  }

  @Bean
  @ConditionalOnMissingBean
  PaymentFilter x402PaymentFilter(
      X402Properties properties,
      Environment environment,
      ObjectProvider<LocalMoney> dev,
      BeanFactory beans) {
    return new FilterFactory(properties, environment, dev.getIfAvailable()).build(beans);
  }

  /**
   * Maps the filter. Its order is behind what decides who asks and how the request is read: the
   * headers of proxies ({@code ForwardedHeaderFilter}), sessions, {@code HiddenHttpMethodFilter},
   * CORS and Spring Security (-100), so that a 401 or 403 comes before a 402. It is in front of
   * what writes, such as {@code ShallowEtagHeaderFilter}: beans without an order come last.
   */
  @Bean
  @ConditionalOnMissingBean(name = "x402FilterRegistration")
  FilterRegistrationBean<PaymentFilter> x402FilterRegistration(
      PaymentFilter filter, X402Properties properties) {
    FilterRegistrationBean<PaymentFilter> registration = new FilterRegistrationBean<>(filter);
    registration.setName("x402");
    registration.addUrlPatterns("/*");
    registration.setDispatcherTypes(EnumSet.allOf(DispatcherType.class));
    registration.setAsyncSupported(true);
    registration.setOrder(properties.filterOrder());
    return registration;
  }

  @Bean
  ServletRegistrations x402ServletRegistrations(PaymentFilter filter) {
    return new ServletRegistrations(filter);
  }

  /** Sells for test money. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(LocalChain.class)
  @ConditionalOnProperty(prefix = "x402", name = "dev", havingValue = "true")
  static final class Dev {
    @Bean
    @ConditionalOnMissingBean(LocalMoney.class)
    DevNetwork x402DevNetwork(X402Properties properties) {
      return DevNetwork.start(FilterFactory.network(properties, Network.BASE_SEPOLIA));
    }

    @Bean
    DevBanner x402DevBanner(
        LocalMoney money,
        X402Properties properties,
        Environment environment,
        ObjectProvider<PricedHandlers> handlers) {
      return new DevBanner(money, properties, environment, handlers);
    }
  }

  /** Says what is missing. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnMissingClass("io.github.x402j.testing.LocalChain")
  @ConditionalOnProperty(prefix = "x402", name = "dev", havingValue = "true")
  static final class DevWithoutChain {
    @Bean
    LocalMoney x402DevNetwork() {
      throw new StartFailedException(
          "x402.dev=true: io.github.x402j:x402-localchain is not on the class path",
          "Add the dependency io.github.x402j:x402-localchain for development, or remove x402.dev.",
          null);
    }
  }
}
