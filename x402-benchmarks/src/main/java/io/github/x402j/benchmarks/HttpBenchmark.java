// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
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
  private static final int SMALL = 100;

  private LocalChain chain;
  private ConstantServer gated;
  private ConstantServer plain;
  private ConstantServer plainLarge;
  private ConstantServer.Connection toGated;
  private ConstantServer.Connection toPlain;
  private ConstantServer.Connection toPlainLarge;
  private String pass = "";

  /** Starts a chain and three servers. */
  @Setup
  public void start() throws Exception {
    chain = LocalChain.start();
    TestUsdc usdc = chain.deployUsdc();
    Token token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(SampleReceipt.ORIGIN, SampleReceipt.ORIGIN)
            .key(SigningKey.generated(ReceiptAlgorithm.ES256))
            .build();
    Receipt receipt = SampleReceipt.of(token, true);
    pass = "X-Payment-Receipt: " + issuer.sign(receipt);
    gated = ConstantServer.start(filter(token, receipt.payTo().text(), issuer), SMALL);
    plain = ConstantServer.start(null, SMALL);
    toGated = gated.connect();
    toPlain = plain.connect();
    plainLarge = ConstantServer.start(null, toGated.get("/paid"));
    toPlainLarge = plainLarge.connect();
  }

  private PaymentFilter filter(Token token, String payTo, ReceiptIssuer issuer) {
    EvmSigner gas = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    chain.fund(gas.address().text(), BigInteger.TEN.pow(18));
    return PaymentFilter.builder()
        .publicUrl(SampleReceipt.ORIGIN)
        .accept(token, payTo)
        .receipts(issuer)
        .facilitator(
            EvmFacilitator.builder(token.network(), Web3jChain.at(chain.rpcUrl()), gas).build())
        .routes(
            Route.get("/paid").price("$0.01"),
            Route.get("/report/{id}").price("$0.01"),
            Route.get("/pass").price("$0.01").pass(Duration.ofHours(1)),
            Route.get("/free").free())
        .build();
  }

  /** Stops them. */
  @TearDown
  public void stop() throws Exception {
    for (AutoCloseable each :
        new AutoCloseable[] {toGated, toPlain, toPlainLarge, gated, plain, plainLarge, chain}) {
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

  /** Gets a constant body as long as that of a 402, without the filter. */
  @Benchmark
  public int constantBodyOf402Size() throws IOException {
    return toPlainLarge.get("/paid");
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
    int length = toGated.get("/pass", pass);
    if (length != SMALL) {
      throw new IllegalStateException("the pass did not open the route");
    }
    return length;
  }
}
