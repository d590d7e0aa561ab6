// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests that move no money, sent by {@code wrk} over 16 connections, beside the least that the
 * same Jetty does for the same bytes: {@code side-by-side http}. All take turns; the medians count.
 */
final class HttpRatios {
  private static final int TURNS = 5;
  private static final String WARM_UP = "10s";
  private static final String TURN = "2s";

  private final ChildProcess servers;
  private final Map<String, List<String>> targets = new LinkedHashMap<>();
  private final Map<String, List<Double>> rates = new LinkedHashMap<>();
  private final Map<String, List<Double>> micros = new LinkedHashMap<>();

  private HttpRatios(ChildProcess servers) {
    this.servers = servers;
    String[] said = servers.said().split(" ", 6);
    targets.put("402, fixed route", List.of(said[0] + "/paid"));
    targets.put("402, path template", List.of(said[0] + "/report/7"));
    targets.put("constant body of that length", List.of(said[2] + "/paid"));
    targets.put("constant 402", List.of(said[3] + "/paid"));
    targets.put("with a pass", List.of("-H", said[5], said[0] + "/pass"));
    targets.put("constant answer to a pass", List.of("-H", said[5], said[4] + "/pass"));
    targets.put("free", List.of(said[0] + "/free"));
    targets.put("free, no filter", List.of(said[1] + "/free"));
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    try (ChildProcess servers =
        ChildProcess.server(
            Map.of(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp",
            System.getProperty("java.class.path"),
            GatedServers.class.getName())) {
      HttpRatios ratios = new HttpRatios(servers);
      ratios.run();
      ratios.print();
    }
    System.exit(0);
  }

  private void run() throws Exception {
    for (String name : targets.keySet()) {
      rates.put(name, new ArrayList<>());
      micros.put(name, new ArrayList<>());
      send(name, WARM_UP);
    }
    rates.values().forEach(List::clear);
    micros.values().forEach(List::clear);
    for (int turn = 0; turn < TURNS; turn++) {
      for (String name : targets.keySet()) {
        send(name, TURN);
      }
    }
  }

  private void send(String name, String duration) throws Exception {
    List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-c16", "-d" + duration));
    command.addAll(targets.getOrDefault(name, List.of()));
    long cpu = servers.cpuMillis();
    Process wrk = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(wrk.getInputStream().readAllBytes(), UTF_8);
    long used = servers.cpuMillis() - cpu;
    Matcher requests = Pattern.compile("(\\d+) requests in").matcher(said);
    Matcher rate = Pattern.compile("Requests/sec:\\s+([\\d.]+)").matcher(said);
    if (!requests.find() || !rate.find()) {
      throw new IllegalStateException("wrk said " + said);
    }
    rates.getOrDefault(name, List.of()).add(Double.parseDouble(rate.group(1)));
    micros.getOrDefault(name, List.of()).add(used * 1000.0 / Long.parseLong(requests.group(1)));
  }

  private void print() {
    System.out.println("| request | a second | CPU of the server, us |\n|---|---|---|");
    for (String name : targets.keySet()) {
      line("| %s | %.0f | %.1f |", name, median(rates, name), median(micros, name));
    }
    System.out.println("\n| ratio | by rate | by CPU |\n|---|---|---|");
    for (String route : List.of("402, fixed route", "402, path template")) {
      ratio(route, "constant body of that length");
      ratio(route, "constant 402");
    }
    ratio("with a pass", "free");
    ratio("with a pass", "constant answer to a pass");
    ratio("constant answer to a pass", "free");
    ratio("free", "free, no filter");
  }

  private void ratio(String one, String other) {
    line(
        "| %s / %s | %.2f | %.2f |",
        one,
        other,
        median(rates, one) / median(rates, other),
        median(micros, other) / median(micros, one));
  }

  private static void line(String form, Object... values) {
    System.out.println(String.format(Locale.ROOT, form, values));
  }

  private static double median(Map<String, List<Double>> all, String name) {
    return all.getOrDefault(name, List.of()).stream()
        .sorted()
        .skip(TURNS / 2)
        .findFirst()
        .orElse(0.0);
  }
}
