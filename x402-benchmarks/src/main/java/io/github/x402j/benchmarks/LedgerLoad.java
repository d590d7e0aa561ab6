// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.jdbc.JdbcPaymentLedger;
import io.github.x402j.jdbc.JdbcSalesBook;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGPoolingDataSource;

/**
 * Prints how many payments a second a ledger and a sales book on PostgreSQL take from claim to
 * delivery, the chain left out: {@code LedgerLoad URL THREADS SECONDS [PAYMENTS]}. With a number of
 * payments it first writes as many, and says how the rate is then.
 */
public final class LedgerLoad {
  private static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  private static final int CONNECTIONS = 10;

  private final JdbcPaymentLedger ledger;
  private final JdbcSalesBook sales;
  private final AtomicLong done = new AtomicLong();
  private final SecureRandom random = new SecureRandom();
  private final PaymentRequirements offer =
      PaymentRequirements.exact(Usdc.BASE, TokenAmount.of(10_000), PAYER, Duration.ofMinutes(5));
  private volatile boolean stopped;

  private LedgerLoad(JdbcPaymentLedger ledger, JdbcSalesBook sales) {
    this.ledger = ledger;
    this.sales = sales;
  }

  /** Runs it. */
  @SuppressWarnings("deprecation") // a pool that keeps to the driver's jar is all that is needed
  public static void main(String[] arguments) throws Exception {
    PGPoolingDataSource pool = new PGPoolingDataSource();
    pool.setUrl(arguments[0]);
    pool.setMaxConnections(CONNECTIONS);
    JdbcPaymentLedger.createTables(pool);
    JdbcSalesBook.createTables(pool);
    int threads = Integer.parseInt(arguments[1]);
    double seconds = Double.parseDouble(arguments[2]);
    try (JdbcPaymentLedger ledger = JdbcPaymentLedger.open(pool);
        JdbcSalesBook sales = JdbcSalesBook.open(pool)) {
      LedgerLoad load = new LedgerLoad(ledger, sales);
      load.run(threads, 3, Long.MAX_VALUE); // to warm up
      if (arguments.length > 3) {
        load.run(threads, 600, Long.parseLong(arguments[3]));
      }
      System.out.printf(
          Locale.ROOT, "%.0f payments/s%n", load.run(threads, seconds, Long.MAX_VALUE));
    }
  }

  /** Returns payments a second. */
  private double run(int threads, double seconds, long payments) throws InterruptedException {
    stopped = false;
    done.set(0);
    long begin = System.nanoTime();
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread thread =
          new Thread(
              () -> {
                while (!stopped && done.get() < payments) {
                  pay();
                  done.incrementAndGet();
                }
              });
      thread.start();
      running.add(thread);
    }
    for (Thread thread : running) {
      long left = (long) (seconds * 1000) - (System.nanoTime() - begin) / 1_000_000;
      thread.join(Math.max(1, left));
    }
    stopped = true;
    double rate = done.get() * 1e9 / (System.nanoTime() - begin);
    for (Thread thread : running) {
      thread.join();
    }
    return rate;
  }

  /** What the engine does of one payment. */
  private void pay() {
    byte[] nonce = new byte[32];
    random.nextBytes(nonce);
    String hex = HexFormat.of().formatHex(nonce);
    PaymentKey key = new PaymentKey(Network.BASE, Usdc.BASE.contract(), PAYER, "0x" + hex);
    Instant keepUntil = Instant.now().plusSeconds(3600);
    if (!(ledger.claim(key, hex, keepUntil) instanceof PaymentLedger.Claim.Granted)) {
      throw new IllegalStateException("a new payment was not granted");
    }
    PaymentPayload payload = PaymentPayload.v2(offer, Map.of("authorization", "a".repeat(500)));
    sales.settling(
        entry(hex, SalesBook.State.SENT, new SalesBook.Question(payload, keepUntil)), ledger, key);
    if (!sales.delivered(entry(hex, SalesBook.State.DELIVERED, null), ledger, key)) {
      throw new IllegalStateException("the sale was not written");
    }
  }

  private SalesBook.Entry entry(
      String hex, SalesBook.State state, SalesBook.@Nullable Question question) {
    return new SalesBook.Entry(
        hex,
        Instant.now(),
        state,
        "/report",
        PAYER,
        PAYER,
        new SalesBook.Currency(Network.BASE, Usdc.BASE.contract(), "USDC", 6),
        offer.amount(),
        "0x" + hex,
        null,
        null,
        question);
  }
}
