// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DemoTest {
  @Test
  void showsOnePurchaseFromThe402ToTheBalances() throws Exception {
    assertThat(Printed.by(Demo::run))
        .contains("-> 402", "-> 200", "settled in 0x")
        .endsWith("the balances moved by exactly $0.01" + System.lineSeparator());
  }
}
