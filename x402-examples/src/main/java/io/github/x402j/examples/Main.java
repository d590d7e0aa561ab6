// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.cli.X402Command;

/** Runs an example. Other arguments go to the command {@code x402}, {@code serve} for one. */
public final class Main {
  private Main() {}

  /**
   * Runs an example, and throws an exception if a step does not turn out as it should.
   *
   * @param args nothing or {@code demo}, {@code mcp demo}, {@code receipt demo}, or a command of
   *     {@code x402}
   */
  public static void main(String[] args) throws Exception {
    switch (String.join(" ", args)) {
      case "", "demo" -> Demo.run(System.out);
      case "mcp demo" -> McpDemo.run(System.out);
      case "receipt demo" -> ReceiptDemo.run(System.out);
      default -> X402Command.main(args);
    }
  }
}
