// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Runs {@code x402} many times in one JVM, for the interoperability suite: a line of standard input
 * is {@code {"args": [...], "key": "0x..."}}, a line of output {@code {"code", "out", "err"}}. The
 * key is what the environment variable {@code INTEROP_KEY} holds in that run.
 */
public final class InteropPayer {
  private static final JsonMapper JSON = new JsonMapper();

  private InteropPayer() {}

  /** Runs until its input ends. */
  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    System.out.println("READY -");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(run(JSON.readTree(line)));
      System.out.flush();
    }
  }

  private static JsonNode run(JsonNode command) {
    List<String> args = new ArrayList<>();
    command.get("args").forEach(argument -> args.add(argument.textValue()));
    Map<String, String> environment = Map.of("INTEROP_KEY", command.get("key").textValue());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), environment::get);
    int code = X402Command.run(terminal, args.toArray(String[]::new));
    return JSON.createObjectNode()
        .put("code", code)
        .put("out", out.toString(UTF_8))
        .put("err", err.toString(UTF_8));
  }
}
