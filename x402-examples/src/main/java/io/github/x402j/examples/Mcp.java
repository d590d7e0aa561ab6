// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import picocli.CommandLine.Command;

/** Tools of MCP servers that cost something. */
@Command(
    name = "mcp",
    description = "Sells and buys calls of MCP tools.",
    synopsisSubcommandLabel = "COMMAND")
final class Mcp {
  private final Terminal terminal;

  Mcp(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "demo",
      description = "Shows one paid call of a tool, from the descriptor to the balances.")
  int demo() throws Exception {
    McpDemo.run(terminal.out());
    return ExitCode.OK;
  }
}
