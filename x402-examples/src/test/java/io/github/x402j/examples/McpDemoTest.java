// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class McpDemoTest {
  @Test
  void showsOnePaidCallFromTheDescriptorToTheBalances() throws Exception {
    assertThat(Printed.by(McpDemo::run))
        .contains(
            "-> forecast: ",
            "-> Lisbon, Oslo",
            "-> isError true",
            "\"url\":\"mcp://tool/forecast\"",
            "-> Lisbon: sun",
            "settled in 0x",
            "moved by exactly $0.01");
  }
}
