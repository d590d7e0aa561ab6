// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.benchmarks.PaymentLoad.Result;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Payments on anvil, x402j beside {@code @x402/express} with its facilitator in process: {@code
 * side-by-side paid}. Each server has a chain of its own and one gas account. They take turns, so
 * that only ratios of one run are compared. And payments to x402j alone at a rate, for long: {@code
 * side-by-side steady}.
 */
final class SideBySide implements AutoCloseable {
  private static final int PAYERS = 200;
  private static final int MANY = 64;
  private static final int TURNS = 3;

  /** How late the lines may be in which anvil notes its calls. */
  private static final int LOG_DELAY_MILLIS = 300;

  private static final Token TOKEN = Usdc.BASE_SEPOLIA;
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final Duration TURN = Duration.ofSeconds(6);
  private static final BigInteger PRICE = BigInteger.valueOf(10_000);
  private static final BigInteger WEALTH = BigInteger.TEN.pow(13);

  private final Path interop;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<EvmSigner> payers =
      Stream.generate(() -> EvmSigner.ofPrivateKey(TestWallet.random().privateKey()))
          .limit(PAYERS)
          .toList();

  private SideBySide(Path interop) {
    this.interop = interop;
  }

  /** Runs it: the folder of the interoperability suite, and the words of the command line. */
  public static void main(String[] arguments) throws Exception {
    try (SideBySide run = new SideBySide(Path.of(arguments[0]))) {
      if (arguments[1].equals("steady")) {
        run.steady(
            Double.parseDouble(option(arguments, "--rate", "50")),
            Integer.parseInt(option(arguments, "--minutes", "120")));
      } else {
        run.paid(arguments.length > 2 && arguments[2].equals("--own"));
      }
    }
    System.exit(0);
  }

  private static String option(String[] arguments, String name, String otherwise) {
    int at = List.of(arguments).indexOf(name);
    return at < 0 ? otherwise : arguments[at + 1];
  }

  // ---- a server and its chain

  private record Side(
      String name,
      ChildProcess anvil,
      ChildProcess server,
      PaymentLoad load,
      TestUsdc usdc,
      String payTo,
      @Nullable CountingProxy proxy) {}

  private Side side(boolean isOurs, boolean isCounted) throws Exception {
    String program = interop + "/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";
    ChildProcess anvil = closing(ChildProcess.anvil(program));
    System.setProperty(TestChain.RPC_PROPERTY, anvil.url().toString());
    Shop shop = shop(TestChain.fromSystemProperty());
    CountingProxy proxy = isCounted ? closing(CountingProxy.to(anvil.url())) : null;
    String rpc = (proxy == null ? anvil.url() : proxy.url()).toString();
    ChildProcess server = closing(isOurs ? ours(rpc, shop) : theirs(rpc, shop));
    String name = isOurs ? "x402j" : "@x402/express";
    return new Side(name, anvil, server, load(server), shop.usdc, shop.payTo, proxy);
  }

  /** What a server needs of its chain. */
  private record Shop(TestUsdc usdc, TestWallet gas, String payTo) {}

  private Shop shop(TestChain chain) {
    TestUsdc usdc = chain.placeUsdc(TOKEN.contract().text(), TOKEN.name(), TOKEN.version());
    for (EvmSigner payer : payers) {
      usdc.mint(payer.address().text(), WEALTH);
    }
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(24));
    return new Shop(usdc, gas, TestWallet.random().address());
  }

  private PaymentLoad load(ChildProcess server) throws Exception {
    return new PaymentLoad(server.url(), TOKEN, payers);
  }

  private static ChildProcess ours(String rpc, Shop shop) throws Exception {
    return ChildProcess.server(
        Map.of("BENCH_GAS_KEYS", shop.gas.privateKey()),
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx512m",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        System.getProperty("java.class.path"),
        PaidServer.class.getName(),
        rpc,
        TOKEN.contract().text(),
        shop.payTo);
  }

  private ChildProcess theirs(String rpc, Shop shop) throws Exception {
    return ChildProcess.server(
        Map.of("INTEROP_GAS_KEY", shop.gas.privateKey(), "NODE_ENV", "production"),
        "node",
        interop.resolve("bench-server.mjs").toString(),
        rpc,
        TOKEN.contract().text(),
        shop.payTo);
  }

  private <T extends AutoCloseable> T closing(T part) {
    open.push(part);
    return part;
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  // ---- one beside the other

  /** Sums of the turns of one side with one number of connections. */
  private static final class Sums {
    private final Side side;
    private Result result = new Result(0, new long[0], Map.of());
    private double cpu;
    private double calls;
    private double requests;
    private double gas;

    Sums(Side side) {
      this.side = side;
    }

    /** Sends payments for a while, with enough of them signed before. */
    void turn(int connections, Duration duration, double expectedRate) throws Exception {
      side.load.sign((int) (duration.toSeconds() * expectedRate) + connections);
      long block = block(side.anvil.url());
      TimeUnit.MILLISECONDS.sleep(LOG_DELAY_MILLIS);
      long usedBefore = side.server.cpuMillis();
      long calledBefore = side.anvil.calls();
      long requestedBefore = side.proxy == null ? 0 : side.proxy.requests();
      result = result.and(side.load.run(connections, duration));
      cpu += side.server.cpuMillis() - usedBefore;
      TimeUnit.MILLISECONDS.sleep(LOG_DELAY_MILLIS);
      calls += side.anvil.calls() - calledBefore;
      requests += side.proxy == null ? 0 : side.proxy.requests() - requestedBefore;
      gas += gasUsed(side.anvil.url(), block + 1);
    }

    double each(double sum) {
      return sum / result.delivered();
    }
  }

  private void paid(boolean isAlone) throws Exception {
    Taken timed = take(isAlone, false, TURNS);
    Taken counted = take(isAlone, true, 1);
    System.out.println(
        isAlone
            ? "| | x402j |\n|---|---|"
            : "| | x402j | @x402/express | ratio |\n|---|---|---|---|");
    print(MANY + " connections", timed.many, counted.many);
    print("1 connection", timed.one, counted.one);
    Stream.of(timed.many, timed.one, counted.many, counted.one)
        .flatMap(List::stream)
        .filter(sums -> !sums.result.otherwise().isEmpty())
        .forEach(
            sums ->
                System.out.printf(
                    "%s answered otherwise: %s%n", sums.side.name, sums.result.otherwise()));
  }

  private static void print(String load, List<Sums> timed, List<Sums> counted) {
    print(load + ": payments a second", timed, each -> each.result.rate(), "%.0f");
    print(load + ": latency p50, ms", timed, each -> each.result.millis(0.5), "%.1f");
    print(load + ": latency p99, ms", timed, each -> each.result.millis(0.99), "%.1f");
    print(load + ": CPU of the server a payment, ms", timed, each -> each.each(each.cpu), "%.1f");
    print(load + ": RPC calls a payment", timed, each -> each.each(each.calls), "%.2f");
    print(load + ": HTTP requests to the node a payment", counted, e -> e.each(e.requests), "%.2f");
    print(load + ": gas a payment", timed, each -> each.each(each.gas), "%.0f");
  }

  private record Taken(List<Sums> many, List<Sums> one) {}

  /** The sides take turns, after some to warm up that also show the rate to expect. */
  private Taken take(boolean isAlone, boolean isCounted, int turns) throws Exception {
    List<Side> sides = new ArrayList<>(List.of(side(true, isCounted)));
    if (!isAlone) {
      sides.add(side(false, isCounted));
    }
    Taken taken =
        new Taken(sides.stream().map(Sums::new).toList(), sides.stream().map(Sums::new).toList());
    double[] expected = new double[sides.size()];
    for (int i = 0; i < sides.size(); i++) {
      for (double rate : new double[] {100, 300}) {
        Sums warm = new Sums(sides.get(i));
        warm.turn(MANY, WARM_UP, Math.max(rate, expected[i]));
        expected[i] = 1.5 * warm.result.rate() + 20;
      }
    }
    for (int turn = 0; turn < turns; turn++) {
      for (int i = 0; i < sides.size(); i++) {
        taken.many.get(i).turn(MANY, TURN, expected[i]);
      }
      for (Sums one : taken.one) {
        one.turn(1, TURN.dividedBy(2), 100);
      }
    }
    check(sides);
    close();
    return taken;
  }

  private static void print(
      String what, List<Sums> sums, ToDoubleFunction<Sums> figure, String form) {
    double ours = figure.applyAsDouble(sums.get(0));
    String line = "| " + what + " | " + String.format(Locale.ROOT, form, ours) + " |";
    if (sums.size() > 1) {
      double theirs = figure.applyAsDouble(sums.get(1));
      line += String.format(Locale.ROOT, " " + form + " | %.2f |", theirs, ours / theirs);
    }
    System.out.println(line);
  }

  /** What was delivered has been paid, and nothing else. */
  private static void check(List<Side> sides) {
    for (Side side : sides) {
      check(side.name, side.load, side.usdc, side.payTo);
    }
  }

  private static void check(String name, PaymentLoad load, TestUsdc usdc, String payTo) {
    BigInteger due = PRICE.multiply(BigInteger.valueOf(load.delivered()));
    BigInteger paid = usdc.balanceOf(payTo);
    if (!paid.equals(due)) {
      System.out.printf("%s: delivered for %s atomic units, received %s%n", name, due, paid);
    }
  }

  // ---- at a rate, for long

  /**
   * Prints a line a minute. The heap is what is left of it after a full collection. The chain is in
   * this process and mines a block every second.
   */
  private void steady(double rate, int minutes) throws Exception {
    LocalChain chain = closing(LocalChain.start());
    Shop shop = shop(chain);
    ChildProcess server = closing(ours(chain.rpcUrl().toString(), shop));
    chain.automine(false);
    ScheduledExecutorService miner = Executors.newSingleThreadScheduledExecutor();
    open.push(miner::shutdownNow);
    miner.scheduleAtFixedRate(chain::mine, 1, 1, TimeUnit.SECONDS);
    PaymentLoad load = load(server);
    int connections = (int) Math.max(MANY, 2 * rate); // as many as wait for a block, and some more
    load.steady(connections, WARM_UP, rate);
    System.out.println(
        "| minute | payments/s | p50 ms | p99 ms | otherwise | CPU ms a payment | heap MB | RSS MB |"
            + " threads | sockets |\n|---|---|---|---|---|---|---|---|---|---|");
    for (int minute = 1; minute <= minutes; minute++) {
      long cpu = server.cpuMillis();
      Result result = load.steady(connections, Duration.ofMinutes(1), rate);
      System.out.printf(
          Locale.ROOT,
          "| %d | %.1f | %.0f | %.0f | %s | %.1f | %d | %d | %d | %d |%n",
          minute,
          result.rate(),
          result.millis(0.5),
          result.millis(0.99),
          result.otherwise(),
          (server.cpuMillis() - cpu) / (double) result.delivered(),
          server.heapMegabytes(),
          server.status("VmRSS") >> 10,
          server.status("Threads"),
          server.sockets());
    }
    check("x402j", load, shop.usdc, shop.payTo);
  }

  // ---- the chain

  private static long block(URI rpc) throws Exception {
    return Long.decode(field(call(rpc, "eth_blockNumber", ""), "result"));
  }

  private static double gasUsed(URI rpc, long from) throws Exception {
    double sum = 0;
    for (long number = from; number <= block(rpc); number++) {
      String block =
          call(rpc, "eth_getBlockByNumber", "\"0x" + Long.toHexString(number) + "\",false");
      sum += Long.decode(field(block, "gasUsed"));
    }
    return sum;
  }

  private static String field(String json, String name) {
    Matcher found = Pattern.compile("\"" + name + "\":\"(0x[0-9a-f]+)").matcher(json);
    if (!found.find()) {
      throw new IllegalStateException("the node answered " + json);
    }
    return found.group(1);
  }

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static String call(URI rpc, String method, String params)
      throws IOException, InterruptedException {
    String body =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":[" + params + "]}";
    HttpRequest request =
        HttpRequest.newBuilder(rpc)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
