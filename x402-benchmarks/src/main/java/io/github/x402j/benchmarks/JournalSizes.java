// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.Hashes;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Measures what a journal of a given size costs. Arguments: an empty directory, and the number of
 * payments. It writes a journal of lines, as earlier versions did, and lets the version on the
 * class path open it: run it with either.
 */
public final class JournalSizes {
  private static final String ADDRESS = "0x209693bc6afc0c5328ba36faf03c514ef312287c";
  private static final URI SHOP = URI.create("https://host-3.example/mcp");
  private static final String TOOL = "mcp://tool/forecast";
  private static final int AGENTS = 10;
  private static final int HOSTS = 20;

  private JournalSizes() {}

  /** Measures, and prints one line of a table. */
  public static void main(String[] args) throws Exception {
    Path file = Path.of(args[0]).resolve("spend.journal");
    int payments = Integer.parseInt(args[1]);
    write(file, payments);
    double first =
        millis(
            () -> {
              SpendJournal.file(file).close();
              return null;
            });
    SpendJournal[] open = new SpendJournal[1];
    double again =
        millis(
            () -> {
              open[0] = SpendJournal.file(file);
              return null;
            });
    try (SpendJournal journal = open[0]) {
      AgentWallet wallet = AgentWallet.open("agent-3", new Unsigned(), journal);
      Payer payer = Payer.of(wallet, Usdc.BASE_SEPOLIA);
      double remaining = median(5000, wallet::remaining);
      pay(payer, 200);
      double one = median(1000, () -> pay(payer, 1));
      double eight = together(8, 250, payer);
      double spend = millis(journal::spendByDay);
      long heap = heap();
      System.out.printf(
          Locale.ROOT,
          "| %,d | %.0f | %.0f | %.3f | %.2f | %.2f | %.0f | %d | %d |%n",
          payments,
          first,
          again,
          remaining,
          one,
          eight,
          spend,
          heap >> 20,
          size(file) >> 20);
    }
  }

  private static Object pay(Payer payer, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      PaymentRequirements option =
          PaymentRequirements.exact(
              Usdc.BASE_SEPOLIA, TokenAmount.of(1), Address.parse(ADDRESS), Duration.ofSeconds(60));
      PaymentRequired required = PaymentRequired.of(ResourceInfo.of(TOOL), List.of(option));
      Payment payment = payer.pay(SHOP, TOOL, json(PaymentCodec.encodeRequired(required)));
      SettlementResponse settled =
          new SettlementResponse(
              true,
              "0x" + "ab".repeat(32),
              payment.network(),
              payment.payer(),
              null,
              payment.amount());
      payer.delivered(payment, json(PaymentCodec.encodeSettlement(settled, 2)));
    }
    return payer;
  }

  private static String json(String base64) {
    return new String(Base64.getDecoder().decode(base64), UTF_8);
  }

  /** Returns the milliseconds a payment when several threads pay. */
  private static double together(int threads, int each, Payer payer) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Callable<Object>> work =
        IntStream.range(0, threads)
            .mapToObj(i -> (Callable<Object>) () -> pay(payer, each))
            .toList();
    double all =
        millis(
            () -> {
              for (Future<Object> one : pool.invokeAll(work)) {
                one.get();
              }
              return null;
            });
    pool.shutdown();
    return all / (threads * each);
  }

  private static double millis(Callable<?> what) throws Exception {
    long start = System.nanoTime();
    what.call();
    return (System.nanoTime() - start) / 1e6;
  }

  private static double median(int times, Callable<?> what) throws Exception {
    double[] all = new double[times];
    for (int i = 0; i < times; i++) {
      all[i] = millis(what);
    }
    Arrays.sort(all);
    return all[times / 2];
  }

  private static long heap() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static long size(Path file) throws IOException {
    return Files.size(file);
  }

  /** Writes wallets, and payments of the last year that were settled. */
  private static void write(Path file, int payments) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      Lines lines = new Lines(out);
      Instant now = Instant.now().minus(Duration.ofDays(365));
      for (int agent = 0; agent < AGENTS; agent++) {
        lines.add(
            now,
            "PROVISIONED",
            agent,
            "-",
            " address="
                + ADDRESS
                + " domains=*.example limit=%24100000000 onLimit=renew"
                + " period=MONTH refusals=kept");
      }
      Duration step = Duration.ofDays(365).dividedBy(payments);
      for (int i = 0; i < payments; i++) {
        now = now.plus(step);
        int agent = i % AGENTS;
        String request = "a3a5b1b0-9a5e-4e0e-8f0e-" + String.format("%012d", i);
        String what =
            " amount=1000 host=host-" + i % HOSTS + ".example method=GET network=eip155%3A84532";
        String more =
            " path=%2Fpremium%2Fforecast payTo="
                + ADDRESS
                + " price=%240.001 token="
                + Usdc.BASE_SEPOLIA.contract();
        String nonce = " nonce=0x" + String.format("%064x", i);
        lines.add(now, "ASKED", agent, request, what + more);
        lines.add(
            now,
            "ALLOWED",
            agent,
            request,
            what + nonce + more + " validBefore=2027-05-01T12%3A00%3A00Z");
        lines.add(now, "SIGNED", agent, request, nonce);
        lines.add(now, "SETTLED", agent, request, nonce + " transaction=0x" + "ab".repeat(32));
      }
    }
  }

  private static final class Lines {
    private final BufferedWriter out;
    private String last = "x402j-journal-1";
    private long sequence;

    Lines(BufferedWriter out) {
      this.out = out;
    }

    void add(Instant time, String event, int agent, String request, String details)
        throws IOException {
      String content =
          ++sequence + " " + time + " " + event + " agent-" + agent + " " + request + details;
      last = HexFormat.of().formatHex(Hashes.sha256(last + " " + content), 0, 8);
      out.write(last + " " + content + "\n");
    }
  }

  /** Signs nothing, at no cost. */
  private record Unsigned() implements EvmSigner {
    @Override
    public Address address() {
      return Address.parse(ADDRESS);
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      return new EvmSignature(BigInteger.ONE, BigInteger.ONE, 27);
    }
  }
}
