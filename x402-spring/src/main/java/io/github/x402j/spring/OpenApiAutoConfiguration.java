// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import org.springdoc.core.customizers.GlobalOpenApiCustomizer;
import org.springdoc.core.customizers.GlobalOperationCustomizer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;

/** Shows prices in the documents of springdoc. */
@AutoConfiguration(after = {X402AutoConfiguration.class, HandlerAutoConfiguration.class})
@ConditionalOnClass(GlobalOperationCustomizer.class)
@ConditionalOnBean({X402Properties.class, PricedHandlers.class})
final class OpenApiAutoConfiguration {

  @Bean
  GlobalOperationCustomizer x402HandlersInOpenApi(ObjectProvider<PricedHandlers> handlers) {
    return (operation, method) -> {
      handlers
          .getObject()
          .of(method)
          .ifPresent(priced -> PaidOperations.price(operation, priced.price()));
      return operation;
    };
  }

  @Bean
  GlobalOpenApiCustomizer x402RoutesInOpenApi(X402Properties properties) {
    return document -> PaidOperations.priceRoutes(document, properties.routes());
  }
}
