// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The command line as it was called in this JVM, and what came of it. */
record Invocation(int status, String out, String err) {

  static Invocation of(Map<String, String> environment, String... args) {
    return of(environment, prompt -> null, args);
  }

  /** With a person at the terminal, who types passwords. */
  static Invocation typing(Function<String, char @Nullable []> person, String... args) {
    return of(Map.of(), person, args);
  }

  private static Invocation of(
      Map<String, String> environment, Function<String, char @Nullable []> person, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        X402Command.run(
            new Terminal(
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                environment::get,
                person),
            args);
    return new Invocation(status, out.toString(UTF_8), err.toString(UTF_8));
  }

  JsonNode json() throws IOException {
    return new JsonMapper().readTree(out);
  }
}
