// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Requests to a Jetty with the filter and to one without, each over one connection. */
@SuppressWarnings("NullAway.Init") // JMH calls @Setup first
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class HttpBenchmark {
  private GatedServers servers;
  private ConstantServer.Connection toGated;
  private ConstantServer.Connection toPlain;
  private ConstantServer.Connection toConstant402;

  /** Starts a chain and three servers. */
  @Setup
  public void start() throws Exception {
    servers = GatedServers.start();
    toGated = servers.gated().connect();
    toPlain = servers.plain().connect();
    toConstant402 = servers.constant402().connect();
  }

  /** Stops them. */
  @TearDown
  public void stop() throws Exception {
    for (AutoCloseable each : new AutoCloseable[] {toGated, toPlain, toConstant402, servers}) {
      each.close();
    }
  }

  /** Gets a 402 of a fixed route. */
  @Benchmark
  public int unpaidFixedRoute() throws IOException {
    return toGated.get("/paid");
  }

  /** Gets a 402 of a path template. */
  @Benchmark
  public int unpaidPathTemplate() throws IOException {
    return toGated.get("/report/7");
  }

  /** Gets the bytes of a 402, without the filter. */
  @Benchmark
  public int constant402() throws IOException {
    return toConstant402.get("/paid");
  }

  /** Gets a free route behind the filter. */
  @Benchmark
  public int freeRouteWithFilter() throws IOException {
    return toGated.get("/free");
  }

  /** Gets the same without the filter. */
  @Benchmark
  public int freeRouteWithoutFilter() throws IOException {
    return toPlain.get("/free");
  }

  /** Gets a paid route with a pass. */
  @Benchmark
  public int requestWithPass() throws IOException {
    int length = toGated.get("/pass", servers.pass());
    if (length != GatedServers.BODY) {
      throw new IllegalStateException("the pass did not open the route");
    }
    return length;
  }
}
