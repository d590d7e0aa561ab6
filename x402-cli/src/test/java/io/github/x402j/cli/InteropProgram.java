// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

/**
 * A program of the interoperability suite, which {@link InteropHost} runs by its class name. The
 * class is called {@code Interop...} and has a constructor without parameters.
 */
@FunctionalInterface
interface InteropProgram {
  /**
   * Runs to its end; a server prints {@code READY <url>} and goes on.
   *
   * @param terminal where it writes, and where it finds keys
   * @return the exit status
   */
  int run(Terminal terminal, String... args) throws Exception;
}
