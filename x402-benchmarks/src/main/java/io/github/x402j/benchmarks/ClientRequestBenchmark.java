// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Usdc;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Free requests by the paying client, and by the client that it wraps. */
@SuppressWarnings("NullAway.Init") // JMH calls @Setup first
@State(Scope.Benchmark)
@Fork(value = 1, jvmArgsAppend = "-Dsun.net.httpserver.nodelay=true") // 40 ms hide everything
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ClientRequestBenchmark {
  private static final byte[] FREE = "free".getBytes(StandardCharsets.US_ASCII);

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient plain = HttpClient.newHttpClient();
  private final HttpClient paying =
      PayingHttpClient.over(HttpClient.newHttpClient())
          .signer(EvmSigner.ofPrivateKey(TestWallet.random().privateKey()))
          .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
          .token(Usdc.BASE)
          .build();
  private HttpServer server;
  private HttpRequest get;
  private HttpRequest post;

  /** Starts the server. */
  @Setup
  public void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/free",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(200, FREE.length);
          exchange.getResponseBody().write(FREE);
          exchange.close();
        });
    server.start();
    URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/free");
    get = HttpRequest.newBuilder(url).build();
    post = HttpRequest.newBuilder(url).POST(BodyPublishers.ofString("x".repeat(10_000))).build();
  }

  /** Stops it. */
  @TearDown
  public void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** Sends a GET with the paying client. */
  @Benchmark
  public String getByPayingClient() throws IOException, InterruptedException {
    return paying.send(get, BodyHandlers.ofString()).body();
  }

  /** Sends a GET with the wrapped client. */
  @Benchmark
  public String getByWrappedClient() throws IOException, InterruptedException {
    return plain.send(get, BodyHandlers.ofString()).body();
  }

  /** Sends a POST with the paying client. */
  @Benchmark
  public String postByPayingClient() throws IOException, InterruptedException {
    return paying.send(post, BodyHandlers.ofString()).body();
  }

  /** Sends a POST with the wrapped client. */
  @Benchmark
  public String postByWrappedClient() throws IOException, InterruptedException {
    return plain.send(post, BodyHandlers.ofString()).body();
  }
}
