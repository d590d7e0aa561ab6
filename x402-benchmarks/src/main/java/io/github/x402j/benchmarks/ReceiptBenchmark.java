// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Usdc;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.ReceiptVerifier.Verdict;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.receipt.TrustedIssuer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The verification of a receipt, by algorithm. The verifier remembers nothing of it. */
@SuppressWarnings("NullAway.Init") // JMH calls @Setup first
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ReceiptBenchmark {
  /** The algorithm of the signature. */
  @Param public ReceiptAlgorithm algorithm = ReceiptAlgorithm.ES256;

  private String token = "";
  private ReceiptVerifier verifier;

  /** Signs the receipt. */
  @Setup
  public void sign() {
    ReceiptIssuer issuer =
        ReceiptIssuer.builder(SampleReceipt.ORIGIN, SampleReceipt.ORIGIN)
            .key(SigningKey.generated(algorithm))
            .build();
    token = issuer.sign(SampleReceipt.of(Usdc.BASE, false));
    verifier =
        ReceiptVerifier.of(
            TrustedIssuer.builder(SampleReceipt.ORIGIN, SampleReceipt.ORIGIN, algorithm)
                .jwks(issuer.jwks())
                .build());
  }

  /** Closes the verifier. */
  @TearDown
  public void close() {
    verifier.close();
  }

  /** Verifies the receipt. */
  @Benchmark
  public Verdict verification() throws Exception {
    Verdict verdict = verifier.verify(token);
    if (!(verdict instanceof Verdict.Genuine)) {
      throw new IllegalStateException("expected a genuine receipt, found " + verdict);
    }
    return verdict;
  }
}
