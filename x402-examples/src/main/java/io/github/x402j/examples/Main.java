// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.util.Arrays;
import java.util.List;

/**
 * Runs the examples: without arguments one purchase from the 402 to the balances; {@code serve} a
 * server to play with; {@code pay URL} a payer; {@code measure} what the library costs.
 */
public final class Main {
  private Main() {}

  /**
   * Runs an example.
   *
   * @param args nothing, {@code serve}, {@code pay} or {@code measure}, and their options
   */
  public static void main(String[] args) throws Exception {
    List<String> rest = Arrays.asList(args).subList(Math.min(1, args.length), args.length);
    switch (args.length == 0 ? "demo" : args[0]) {
      case "demo" -> Demo.run(System.out);
      case "serve" -> Serve.run(Options.parse(rest, Serve.OPTIONS, 0), System.out);
      case "measure" -> Measure.run(System.out);
      case "pay" -> Pay.run(Options.parse(rest, Pay.OPTIONS, 1), System.out);
      default ->
          throw new IllegalArgumentException(
              "expected no argument, serve, pay URL or measure; found \"" + args[0] + "\"");
    }
  }
}
