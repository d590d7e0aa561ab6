// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A node or a server in a process of its own, which ends with this object. Linux only. */
final class ChildProcess implements AutoCloseable {
  private static final int TICKS_PER_SECOND = 100;

  /** What anvil writes for each call. */
  private static final Pattern CALL = Pattern.compile("(eth|net|web3)_\\w+");

  private final Process process;
  private final CompletableFuture<String> ready = new CompletableFuture<>();
  private final AtomicLong calls = new AtomicLong();
  private final String said;

  private ChildProcess(Pattern address, Map<String, String> environment, List<String> command)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    process = builder.start();
    Thread reader = new Thread(() -> read(address), command.get(0));
    reader.setDaemon(true);
    reader.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    said = ready.get(60, TimeUnit.SECONDS);
  }

  /** Starts a server that prints {@code READY}, its address, and perhaps more. */
  static ChildProcess server(Map<String, String> environment, String... command) throws Exception {
    return new ChildProcess(
        Pattern.compile("^READY (http.+)"), environment, Arrays.asList(command));
  }

  /** Starts a chain on which transactions are mined at once. */
  static ChildProcess anvil(String program) throws Exception {
    List<String> command =
        List.of(program, "--host", "127.0.0.1", "--port", "0", "--chain-id", "84532");
    return new ChildProcess(Pattern.compile("^Listening on (127\\S+)"), Map.of(), command);
  }

  private void read(Pattern address) {
    StringBuilder before = new StringBuilder();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Matcher found = address.matcher(line);
        if (CALL.matcher(line).matches()) {
          calls.incrementAndGet();
        } else if (!ready.isDone() && found.find()) {
          ready.complete((found.group(1).startsWith("http") ? "" : "http://") + found.group(1));
        } else if (!ready.isDone()) {
          before.append(line).append('\n');
        }
      }
      ready.completeExceptionally(new IOException("not ready: " + before));
    } catch (IOException e) { // the process has ended
      ready.completeExceptionally(e);
    }
  }

  /** Returns what it printed when it was ready: first of all its address. */
  String said() {
    return said;
  }

  URI url() {
    return URI.create(said.split(" ", 2)[0]);
  }

  long pid() {
    return process.pid();
  }

  /** Returns how many calls it has noted. */
  long calls() {
    return calls.get();
  }

  /** Returns the processor time that it has used, in milliseconds. */
  long cpuMillis() {
    String stat = proc("stat");
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * 1000 / TICKS_PER_SECOND;
  }

  /** Returns a number of {@code /proc/PID/status}, such as {@code Threads}. */
  long status(String name) {
    Matcher found = Pattern.compile("(?m)^" + name + ":\\s+(\\d+)").matcher(proc("status"));
    return found.find() ? Long.parseLong(found.group(1)) : -1;
  }

  /** Returns how many sockets are open. */
  long sockets() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", "" + pid(), "fd"))) {
      return open.filter(ChildProcess::isSocket).count();
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException e) { // closed by now
      return false;
    }
  }

  /** Returns the megabytes that are in use after a full collection, of a JVM. */
  long heapMegabytes() throws IOException {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Process histogram =
        new ProcessBuilder(jcmd, "" + pid(), "GC.class_histogram")
            .redirectErrorStream(true)
            .start();
    String text = new String(histogram.getInputStream().readAllBytes(), UTF_8);
    Matcher total = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)").matcher(text);
    return total.find() ? Long.parseLong(total.group(1)) >> 20 : -1;
  }

  private String proc(String file) {
    try {
      return Files.readString(Path.of("/proc", "" + pid(), file));
    } catch (IOException e) {
      throw new UncheckedIOException("process " + pid() + " has ended", e);
    }
  }

  @Override
  public void close() throws Exception {
    process.destroy();
    if (!process.waitFor(5, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
