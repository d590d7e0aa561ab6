// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class McpDemoTest {
  @Test
  void showsOnePaidCallFromTheDescriptorToTheBalances() {
    Invocation demo = Invocation.of(Map.of(), "mcp", "demo");
    assertThat(demo.status()).as(demo.err()).isZero();
    assertThat(demo.out())
        .contains(
            "-> forecast: ",
            "-> Lisbon, Oslo",
            "-> isError true",
            "\"url\":\"mcp://tool/forecast\"",
            "-> Lisbon: sun",
            "settled in 0x",
            "moved by exactly $0.01");
  }

  @Test
  void needsToBeToldWhatToDo() {
    assertThat(Invocation.of(Map.of(), "mcp").status()).isEqualTo(ExitCode.USAGE);
  }
}
