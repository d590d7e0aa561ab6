// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;

/** Collects what an example prints. */
final class Printed {
  private Printed() {}

  /** Runs an example. */
  interface Example {
    void run(PrintStream out) throws Exception;
  }

  static String by(Example example) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    example.run(new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8);
  }
}
