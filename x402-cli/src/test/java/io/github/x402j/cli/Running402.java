// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command line in a JVM of its own; both of its streams are read as one. */
final class Running402 implements AutoCloseable {
  private final Process process;
  private final StringBuffer output = new StringBuffer();
  private final Thread reader;

  private Running402(Process process) {
    this.process = process;
    this.reader = new Thread(this::read, "output");
    reader.setDaemon(true);
    reader.start();
  }

  static Running402 start(Map<String, String> environment, List<String> args) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                X402Command.class.getName()));
    command.addAll(args);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new Running402(builder.start());
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.append(line).append('\n');
      }
    } catch (IOException e) {
      output.append(e);
    }
  }

  /** Returns the URL behind {@code READY}. */
  String awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    Pattern ready =
        Pattern.compile(
            "^(?:READY |\\{\"ready\":\")(http://127\\.0\\.0\\.1:[0-9]+)(?:\"})?$",
            Pattern.MULTILINE);
    while (System.nanoTime() < deadline) {
      Matcher line = ready.matcher(output);
      if (line.find()) {
        return line.group(1);
      }
      if (!process.isAlive()) {
        break;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("not ready; it said:\n" + output);
  }

  String output() {
    return output.toString();
  }

  /** Returns the first group of the pattern in what was printed. */
  String find(String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(output);
    if (!found.find()) {
      throw new AssertionError("no " + pattern + " in:\n" + output);
    }
    return found.group(1);
  }

  /** Sends SIGTERM and returns the exit status. */
  int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("still running 20 s after SIGTERM; it said:\n" + output);
    }
    reader.join(5_000);
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
