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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs all programs of the interoperability suite in one JVM, each in a thread. A line of standard
 * input is {@code {"id": 1, "program": "x402", "args": [...], "env": {...}}}; {@code program} is
 * the command {@code x402} or the name of an {@link InteropProgram}. Lines of output are {@code
 * {"id": 1, "out": "...", "err": "..."}}, the last of a program {@code {"id": 1, "code": 0}}.
 */
public final class InteropHost {
  private static final JsonMapper JSON = new JsonMapper();

  private InteropHost() {}

  /** Runs until its input ends. */
  public static void main(String[] args) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    System.out.println("READY -");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode command = JSON.readTree(line);
      new Thread(() -> run(command), command.get("program").textValue()).start();
    }
    System.exit(ExitCode.OK); // the servers' threads would go on
  }

  private static void run(JsonNode command) {
    int id = command.get("id").intValue();
    List<String> args = new ArrayList<>();
    command.get("args").forEach(argument -> args.add(argument.textValue()));
    Map<String, String> environment = new HashMap<>();
    command
        .get("env")
        .properties()
        .forEach(e -> environment.put(e.getKey(), e.getValue().asText()));
    Terminal terminal =
        new Terminal(
            stream(text -> say(id, "out", text)),
            stream(text -> say(id, "err", text)),
            environment::get);
    int code = ExitCode.FAILED;
    try {
      code = program(command.get("program").textValue()).run(terminal, args.toArray(String[]::new));
    } catch (Exception | LinkageError e) {
      e.printStackTrace(terminal.err());
    }
    terminal.out().flush();
    terminal.err().flush();
    print(JSON.createObjectNode().put("id", id).put("code", code));
  }

  private static InteropProgram program(String name) throws ReflectiveOperationException {
    return name.equals("x402") ? X402Command::run : made(name, InteropProgram.class);
  }

  /** Makes an object of a class of this package. */
  static <T> T made(String name, Class<T> type) throws ReflectiveOperationException {
    Class<?> found = Class.forName(InteropHost.class.getPackageName() + "." + name);
    return type.cast(found.getDeclaredConstructor().newInstance());
  }

  private static void say(int id, String stream, String text) {
    print(JSON.createObjectNode().put("id", id).put(stream, text));
  }

  private static void print(JsonNode line) {
    System.out.println(line);
  }

  /** A stream that passes on what it has got at each flush. */
  private static PrintStream stream(Consumer<String> to) {
    ByteArrayOutputStream buffer =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void flush() {
            if (count > 0) {
              to.accept(toString(UTF_8));
              reset();
            }
          }
        };
    return new PrintStream(buffer, true, UTF_8);
  }
}
