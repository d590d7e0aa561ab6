// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.USDC;

import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * Measures what the client costs, as ratios of things that take turns in one run. Run it by hand:
 * it is no test.
 */
final class MeasureClient {
  private static final int TURNS = 7;
  private static final Duration TURN = Duration.ofMillis(1000);

  private MeasureClient() {}

  public static void main(String[] args) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true"); // else 40 ms hide everything
    signing();
    freeRequests();
  }

  private static void signing() throws Exception {
    Path file = Files.createTempDirectory("x402j").resolve("journal");
    Clock clock = Clock.systemUTC();
    try (SpendJournal journal = SpendJournal.file(file)) {
      Purse memory = Purse.of(SpendingPolicy.empty().maxPerDay("$1000000"), clock);
      Purse durable = new Purse(Purse.wallet(journal, "a", "$1000000", clock), clock);
      byte[] digest = new byte[32];
      double[] rates =
          compare(
              loop(() -> memory.pay(1)),
              loop(() -> durable.pay(1)),
              loop(() -> Asking.SIGNER.sign(digest)));
      System.out.printf("payments signed per second, journal in memory  %,9.0f%n", rates[0]);
      System.out.printf("payments signed per second, journal in a file  %,9.0f%n", rates[1]);
      System.out.printf("bare signatures per second                     %,9.0f%n", rates[2]);
      System.out.printf(
          "ratio to a bare signature: %.2f in memory, %.2f in a file%n%n",
          rates[0] / rates[2], rates[1] / rates[2]);
    }
  }

  private static void freeRequests() throws Exception {
    try (Seller seller = Seller.start()) {
      seller.does(call -> Seller.Answer.of(200, "free"));
      HttpClient plain = HttpClient.newHttpClient();
      HttpClient paying =
          PayingHttpClient.over(HttpClient.newHttpClient())
              .signer(Asking.SIGNER)
              .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
              .token(USDC)
              .build();
      HttpRequest get = HttpRequest.newBuilder(seller.url("/free")).build();
      HttpRequest post =
          HttpRequest.newBuilder(seller.url("/free"))
              .POST(HttpRequest.BodyPublishers.ofString("x".repeat(10_000)))
              .build();
      for (HttpRequest request : List.of(get, post)) {
        double[] rates =
            compare(
                loop(() -> paying.send(request, BodyHandlers.ofString())),
                loop(() -> plain.send(request, BodyHandlers.ofString())));
        System.out.printf(
            "free %s per second, paying client   %,9.0f%n", request.method(), rates[0]);
        System.out.printf(
            "free %s per second, wrapped client  %,9.0f%n", request.method(), rates[1]);
        System.out.printf("ratio %.2f%n%n", rates[0] / rates[1]);
        seller.calls().clear();
      }
    }
  }

  @SafeVarargs
  private static double[] compare(Callable<Double>... things) throws Exception {
    List<List<Double>> rates = new ArrayList<>();
    for (Callable<Double> thing : things) {
      for (int warming = 0; warming < 5; warming++) {
        thing.call();
      }
      rates.add(new ArrayList<>());
    }
    for (int turn = 0; turn < TURNS; turn++) {
      for (int i = 0; i < things.length; i++) {
        rates.get(i).add(things[i].call());
      }
    }
    return rates.stream()
        .mapToDouble(each -> each.stream().sorted().skip(TURNS / 2).findFirst().orElseThrow())
        .toArray();
  }

  private static Callable<Double> loop(Callable<?> call) {
    return () -> {
      long start = System.nanoTime();
      long calls = 0;
      while (System.nanoTime() - start < TURN.toNanos()) {
        if (call.call() == null) {
          throw new IllegalStateException("nothing came back");
        }
        calls++;
      }
      return calls * 1e9 / (System.nanoTime() - start);
    };
  }
}
