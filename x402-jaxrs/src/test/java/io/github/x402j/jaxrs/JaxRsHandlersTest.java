// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jaxrs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.servlet.HandlerFramework;
import io.github.x402j.servlet.RequiresPayment;
import jakarta.servlet.http.HttpServlet;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JaxRsHandlersTest {
  @RequiresPayment("$0.01")
  private static final class Ungated {}

  @RequiresPayment("$0.01")
  private static final class AServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;
  }

  private static boolean gates(Class<?> type) {
    return ServiceLoader.load(HandlerFramework.class).stream()
        .anyMatch(framework -> framework.get().gates(type));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Goods.Plain.class,
        Goods.Items.class,
        Goods.Api.class,
        Goods.Implemented.class,
        Goods.Base.class,
        Goods.Vault.class,
        Goods.Nickel.class
      })
  void gatesResources(Class<?> type) {
    assertThat(gates(type)).isTrue();
  }

  @Test
  void gatesNothingElse() {
    assertThat(gates(Ungated.class)).isFalse();
    assertThat(gates(AServlet.class)).isFalse();
  }
}
