// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Verification;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.TestWallet;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The checks of a payment that need no chain, and the recovery of its signature alone. */
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class VerificationBenchmark {
  private final EvmSigner payer = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
  private final PaymentRequirements requirements =
      PaymentRequirements.exact(
          Usdc.BASE,
          TokenAmount.of(10_000),
          Address.parse(TestWallet.random().address()),
          Duration.ofMinutes(5));
  private final PaymentPayload payload = payload();
  private final EvmFacilitator facilitator =
      EvmFacilitator.builder(
              Usdc.BASE.network(), Web3jChain.at(URI.create("http://127.0.0.1:9")), payer)
          .build();
  private final byte[] digest = digest();
  private final EvmSignature signature = payer.sign(digest);

  private PaymentPayload payload() {
    Instant now = Instant.now();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            payer.address(),
            requirements.payTo(),
            requirements.amount(),
            now.minusSeconds(60),
            now.plusSeconds(300),
            "0x" + "5a".repeat(32));
    return PaymentPayload.v2(
        requirements, ExactEvmPayload.sign(Usdc.BASE, authorization, payer).toMap());
  }

  private static byte[] digest() {
    byte[] digest = new byte[32];
    Arrays.fill(digest, (byte) 0x5a);
    return digest;
  }

  /** Checks a payment. */
  @Benchmark
  public Verification localVerification() throws Exception {
    Verification verification = facilitator.check(payload, requirements);
    if (!(verification instanceof Verification.Valid)) {
      throw new IllegalStateException("expected a valid payment, found " + verification);
    }
    return verification;
  }

  /** Recovers the signer of a digest. */
  @Benchmark
  public Object bareSignatureRecovery() {
    return signature.signerOf(digest);
  }
}
