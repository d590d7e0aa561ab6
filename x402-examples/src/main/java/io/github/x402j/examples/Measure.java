// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.receipt.Receipt;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestWallet;
import java.io.PrintStream;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/**
 * Measures what the library costs, as ratios taken in one run: the pairs that are compared take
 * turns, and the median of the turns counts.
 */
final class Measure {
  private static final String PUBLIC_URL = "http://127.0.0.1:8402";
  private static final int TURNS = 7;
  private static final Duration TURN = Duration.ofMillis(1500);

  private Measure() {}

  static void run(PrintStream out) throws Exception {
    verification(out);
    receipts(out);
    http(out);
  }

  /** The local checks of a payment, against the recovery of its signature alone. */
  private static void verification(PrintStream out) throws Exception {
    EvmSigner payer = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
    PaymentRequirements requirements =
        PaymentRequirements.exact(
            Usdc.BASE,
            TokenAmount.of(10_000),
            EvmSigner.ofPrivateKey(TestWallet.random().privateKey()).address(),
            Duration.ofMinutes(5));
    Instant now = Instant.now();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            payer.address(),
            requirements.payTo(),
            requirements.amount(),
            now.minusSeconds(60),
            now.plusSeconds(300),
            "0x" + "5a".repeat(32));
    PaymentPayload payload =
        PaymentPayload.v2(
            requirements, ExactEvmPayload.sign(Usdc.BASE, authorization, payer).toMap());
    EvmFacilitator facilitator =
        EvmFacilitator.builder(
                Usdc.BASE.network(), Web3jChain.at(URI.create("http://127.0.0.1:9")), payer)
            .build();
    byte[] digest = new byte[32];
    Arrays.fill(digest, (byte) 0x5a);
    EvmSignature signature = payer.sign(digest);

    double[] rates =
        compare(
            List.of(
                loop(() -> facilitator.check(payload, requirements)),
                loop(() -> signature.signerOf(digest))));
    out.printf("local verifications per second        %,10.0f%n", rates[0]);
    out.printf("bare signature recoveries per second  %,10.0f%n", rates[1]);
    out.printf("the recovery is %.0f%% of a verification%n%n", 100 * rates[0] / rates[1]);
  }

  /** Receipts that are good once, which nothing is remembered of, by algorithm. */
  private static void receipts(PrintStream out) throws Exception {
    List<Callable<Double>> loops = new ArrayList<>();
    for (ReceiptAlgorithm algorithm : ReceiptAlgorithm.values()) {
      ReceiptIssuer issuer =
          ReceiptIssuer.builder(PUBLIC_URL, PUBLIC_URL)
              .key(SigningKey.generated(algorithm))
              .build();
      String token = issuer.sign(receipt(Usdc.BASE, TestWallet.random().address(), false));
      ReceiptVerifier verifier =
          ReceiptVerifier.of(
              TrustedIssuer.builder(PUBLIC_URL, PUBLIC_URL, algorithm).jwks(issuer.jwks()).build());
      loops.add(
          loop(() -> verifier.verify(token) instanceof Verdict.Genuine genuine ? genuine : null));
    }
    double[] rates = compare(loops);
    for (ReceiptAlgorithm algorithm : ReceiptAlgorithm.values()) {
      double rate = rates[algorithm.ordinal()];
      out.printf(
          "receipts per second, %-7s          %,10.0f (%.2f of %s)%n",
          algorithm.wireName(), rate, rate / rates[0], ReceiptAlgorithm.ES256.wireName());
    }
    out.println();
  }

  private static void http(PrintStream out) throws Exception {
    try (LocalChain chain = LocalChain.start()) {
      Token token = Demo.token(chain, chain.deployUsdc());
      EvmSigner gas = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
      chain.fund(gas.address().text(), BigInteger.TEN.pow(18));
      String seller = TestWallet.random().address();
      ReceiptIssuer issuer =
          ReceiptIssuer.builder(PUBLIC_URL, PUBLIC_URL)
              .key(SigningKey.generated(ReceiptAlgorithm.ES256))
              .build();
      PaymentFilter filter =
          PaymentFilter.builder()
              .publicUrl(PUBLIC_URL)
              .accept(token, seller)
              .receipts(issuer)
              .facilitator(
                  EvmFacilitator.builder(token.network(), Web3jChain.at(chain.rpcUrl()), gas)
                      .build())
              .routes(
                  Route.get("/paid").price("$0.01"),
                  Route.get("/report/{id}").price("$0.01"),
                  Route.get("/pass").price("$0.01").pass(Duration.ofHours(1)),
                  Route.get("/free").free())
              .build();
      try (ConstantServer gated = ConstantServer.start(filter);
          ConstantServer plain = ConstantServer.start(null)) {
        int size = gated.sizeOf("/paid");
        plain.bodyOf(size);
        compareHttp(out, "unpaid 402 (fixed route)", gated, "/paid", plain, "constant body");
        compareHttp(out, "unpaid 402 (path template)", gated, "/report/7", plain, "constant body");
        gated.bodyOf(100);
        plain.bodyOf(100);
        compareHttp(out, "free route, with filter", gated, "/free", plain, "without");
        String pass = "X-Payment-Receipt: " + issuer.sign(receipt(token, seller, true));
        double[] rates = compare(List.of(gated.load("/pass", pass), gated.load("/free")));
        out.printf("%-32s per second %,8.0f%n", "pass-holding request", rates[0]);
        out.printf("%-32s per second %,8.0f%n", "free route, same filter", rates[1]);
        out.printf("ratio %.2f%n%n", rates[0] / rates[1]);
      }
    }
  }

  /** Returns the receipt that a payment for {@code /pass} would have got. */
  private static Receipt receipt(Token token, String seller, boolean isPass) {
    Instant now = Instant.now();
    return new Receipt(
        PUBLIC_URL,
        PUBLIC_URL,
        Address.parse(TestWallet.random().address()),
        "measured",
        now,
        now.plusSeconds(3600),
        "0x" + "5a".repeat(32),
        token.network(),
        token.contract(),
        TokenAmount.of(10_000),
        Address.parse(seller),
        "/pass",
        "GET",
        isPass,
        OptionalLong.empty());
  }

  private static void compareHttp(
      PrintStream out,
      String what,
      ConstantServer gated,
      String path,
      ConstantServer plain,
      String other)
      throws Exception {
    double[] rates = compare(List.of(gated.load(path), plain.load("/free")));
    out.printf("%-32s per second %,8.0f%n", what, rates[0]);
    out.printf("%-32s per second %,8.0f%n", other, rates[1]);
    out.printf("ratio %.2f%n%n", rates[0] / rates[1]);
  }

  /** Returns the median rates of things that take turns, after a turn of each to warm up. */
  private static double[] compare(List<Callable<Double>> things) throws Exception {
    List<List<Double>> rates = new ArrayList<>();
    for (Callable<Double> thing : things) {
      thing.call();
      rates.add(new ArrayList<>());
    }
    for (int turn = 0; turn < TURNS; turn++) {
      for (int i = 0; i < things.size(); i++) {
        rates.get(i).add(things.get(i).call());
      }
    }
    return rates.stream().mapToDouble(Measure::median).toArray();
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static Callable<Double> loop(Callable<?> call) {
    return () -> {
      long end = System.nanoTime() + TURN.toNanos();
      long start = System.nanoTime();
      long calls = 0;
      while (System.nanoTime() < end) {
        if (call.call() == null) {
          throw new IllegalStateException("nothing was computed");
        }
        calls++;
      }
      return calls * 1e9 / (System.nanoTime() - start);
    };
  }
}
