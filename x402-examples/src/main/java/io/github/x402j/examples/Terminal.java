// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import java.io.PrintStream;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where a command writes and where it finds secrets.
 *
 * @param out results; nothing else, so that programs can read it
 * @param err progress and errors
 * @param environment returns the value of an environment variable, null if it is not set
 */
record Terminal(PrintStream out, PrintStream err, UnaryOperator<@Nullable String> environment) {
  private static final int LONGEST = 200;

  static Terminal system() {
    return new Terminal(System.out, System.err, System::getenv);
  }

  /**
   * Returns text of a stranger as it may be shown: without the characters that move the cursor or
   * turn the direction of reading, and not at any length.
   */
  static String harmless(String text) {
    String shown = text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "?");
    return shown.length() <= LONGEST ? shown : shown.substring(0, LONGEST) + "...";
  }
}
