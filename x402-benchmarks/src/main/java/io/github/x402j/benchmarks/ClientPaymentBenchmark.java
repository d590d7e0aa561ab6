// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Payments that the client signs for a descriptor, and the signature alone. */
@SuppressWarnings("NullAway.Init") // JMH calls @Setup first
@State(Scope.Benchmark)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ClientPaymentBenchmark {
  private static final URI SERVER = URI.create("https://shop.example/mcp");
  private static final String RESOURCE = "mcp://tool/forecast";

  private final EvmSigner signer = EvmSigner.ofPrivateKey(TestWallet.random().privateKey());
  private final String descriptor = descriptor();
  private final byte[] digest = new byte[32];
  private Path directory;
  private SpendJournal journal;
  private Payer inMemory;
  private Payer inFile;

  private static String descriptor() {
    PaymentRequirements option =
        PaymentRequirements.exact(
            Usdc.BASE,
            TokenAmount.of(1),
            Address.parse(TestWallet.random().address()),
            Duration.ofSeconds(60));
    PaymentRequired required =
        PaymentRequired.of(new ResourceInfo(RESOURCE, null, null), List.of(option));
    return new String(Base64.getDecoder().decode(PaymentCodec.encodeRequired(required)), UTF_8);
  }

  /** Opens the wallets. */
  @Setup
  public void open() throws IOException {
    directory = Files.createTempDirectory("x402j");
    journal = SpendJournal.file(directory.resolve("journal"));
    inMemory = payer(SpendJournal.inMemory());
    inFile = payer(journal);
  }

  private Payer payer(SpendJournal book) {
    AgentWallet wallet =
        AgentWallet.provision("agent", signer, book)
            .limit("$1000000", BillingPeriod.EVER)
            .allowedDomains("shop.example")
            .create();
    return Payer.of(wallet, Usdc.BASE);
  }

  /** Deletes the journal. */
  @TearDown
  public void close() throws IOException {
    journal.close();
    try (var files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  /** Signs a payment, with the journal in memory. */
  @Benchmark
  public Payment paymentJournalInMemory() throws IOException {
    return inMemory.pay(SERVER, RESOURCE, descriptor);
  }

  /** Signs a payment, with the journal in a file. */
  @Benchmark
  public Payment paymentJournalInFile() throws IOException {
    return inFile.pay(SERVER, RESOURCE, descriptor);
  }

  /** Signs a digest. */
  @Benchmark
  public Object bareSignature() {
    return signer.sign(digest);
  }
}
