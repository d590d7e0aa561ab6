// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.evm.EvmSigner;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;

/** Finds every property that is missing, so that one failed start names them all. */
final class RequiredProperties {
  private final X402Properties properties;
  private final BeanFactory beans;
  private final List<String> missing = new ArrayList<>();

  private RequiredProperties(X402Properties properties, BeanFactory beans) {
    this.properties = properties;
    this.beans = beans;
  }

  /**
   * Does nothing if nothing is missing. A customizer may set what the properties leave out, except
   * who settles.
   *
   * @throws StartFailedException if something is; it lists the lines to add
   */
  static void check(X402Properties properties, BeanFactory beans) {
    new RequiredProperties(properties, beans).check();
  }

  private void check() {
    if (beans.getBeanProvider(PaymentFilterCustomizer.class).stream().findAny().isEmpty()) {
      if (properties.publicUrl().isEmpty()) {
        missing.add("x402.public-url=https://api.example.com");
      }
      require("x402.network=base", properties.network());
      require("x402.pay-to=0x...", properties.payTo());
    }
    if (beans.containsBean(X402AutoConfiguration.FACILITATOR)) {
      addSettling();
    }
    if (!missing.isEmpty()) {
      throw new StartFailedException(
          "some properties are missing: "
              + String.join(", ", missing.stream().map(this::name).toList()),
          "Set\n\n    "
              + String.join("\n    ", missing)
              + "\n\nor x402.dev=true, to sell for test money while you develop.",
          null);
    }
  }

  private void addSettling() {
    if (properties.facilitator() != null) {
      return;
    }
    require("x402.rpc-url=https://node.example", properties.rpcUrl());
    if (properties.keystore() == null
        && beans.getBeanProvider(EvmSigner.class).getIfUnique() == null) {
      require("x402.gas-key=${GAS_KEY}", properties.gasKey());
    }
  }

  private void require(String line, @Nullable String value) {
    if (value == null || value.isBlank()) {
      missing.add(line);
    }
  }

  private String name(String line) {
    return line.substring(0, line.indexOf('='));
  }
}
