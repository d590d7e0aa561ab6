// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.evm.EvmSigner;
import java.io.Console;
import java.io.PrintStream;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a command writes, and where it finds keys.
 *
 * @param out the results alone, so that programs can read them
 * @param err progress and errors
 * @param environment returns the value of an environment variable, null if it is not set
 * @param passwords asks a person, with this prompt, for what is not shown; null without a terminal
 */
record Terminal(
    PrintStream out,
    PrintStream err,
    UnaryOperator<@Nullable String> environment,
    Function<String, char @Nullable []> passwords) {

  /** Has no person to ask. */
  Terminal(PrintStream out, PrintStream err, UnaryOperator<@Nullable String> environment) {
    this(out, err, environment, prompt -> null);
  }

  static Terminal system() {
    return new Terminal(
        System.out,
        System.err,
        System::getenv,
        prompt -> {
          Console console = System.console();
          return console == null ? null : console.readPassword("%s", prompt);
        });
  }

  /** Returns what a person types, null without a terminal. */
  char @Nullable [] password(String prompt) {
    return passwords.apply(prompt);
  }

  /**
   * Returns the signer whose private key is in an environment variable. Keys are never options:
   * other users of the machine can see those.
   *
   * @throws IllegalArgumentException if there is none; the message names the variable
   */
  EvmSigner signer(String variable) {
    @Nullable String key = environment.apply(variable);
    if (key == null || key.isBlank()) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": expected a private key, found nothing");
    }
    try {
      return EvmSigner.ofPrivateKey(key.trim());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "environment variable " + variable + ": " + e.getMessage());
    }
  }
}
