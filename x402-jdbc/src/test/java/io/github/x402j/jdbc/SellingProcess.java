// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.SalesBook;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.h2.jdbcx.JdbcDataSource;

/**
 * A server in a JVM of its own, which can be killed. It takes one payment, says how far it is, and
 * with {@code stop} for its first argument delivers nothing. With {@code watch} it takes no
 * payment, and says how the sale of one stands, until that is known.
 */
final class SellingProcess implements AutoCloseable {
  static final Duration LEASE = Duration.ofSeconds(2);

  /** So that a sale of a moment ago is old enough to be asked for. */
  private static final Clock LATER = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(5));

  private final ChildJvm jvm;

  private SellingProcess(ChildJvm jvm) {
    this.jvm = jvm;
  }

  static SellingProcess start(String mode, Shop shop, TestWallet gas, String jdbcUrl)
      throws IOException {
    return new SellingProcess(
        ChildJvm.start(
            SellingProcess.class,
            List.of(
                mode,
                shop.chain.rpcUrl().toString(),
                Long.toString(shop.chain.chainId()),
                gas.privateKey(),
                shop.usdc.address(),
                shop.usdc.name(),
                shop.usdc.version(),
                shop.payTo.text(),
                jdbcUrl,
                shop.header)));
  }

  /** Returns what it says next. */
  String line() throws IOException {
    return jvm.line();
  }

  /** Ends the process as {@code kill -9} does. */
  void kill() throws InterruptedException {
    jvm.kill();
  }

  @Override
  public void close() {
    jvm.close();
  }

  public static void main(String[] args) throws Exception {
    Network network = new Network(Long.parseLong(args[2]));
    PaymentRequirements offer =
        Shop.offer(network, args[4], args[5], args[6], Address.parse(args[7]));
    JdbcDataSource database = new JdbcDataSource();
    database.setURL(args[8]);
    JdbcPaymentLedger.createTables(database);
    JdbcSalesBook.createTables(database);
    JdbcSalesBook sales = JdbcSalesBook.open(database);
    JdbcPaymentLedger ledger = JdbcPaymentLedger.builder(database).lease(LEASE).open();
    boolean watches = args[0].equals("watch");
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(ledger)
            .salesBook(sales)
            .clock(watches ? LATER : Clock.systemUTC())
            .facilitator(
                EvmFacilitator.builder(
                        network,
                        Web3jChain.at(URI.create(args[1])),
                        EvmSigner.ofPrivateKey(args[3]))
                    .build())
            .build();
    gate.start(List.of(offer));
    if (watches) {
      watch(sales);
      return;
    }
    Challenge challenge = Shop.challenge(gate, offer);
    boolean stops = args[0].equals("stop");
    int status = 503;
    while (status == 503) {
      status = exchange(gate, challenge, args[9], stops);
      if (status != 503 && args[0].equals("go")) {
        ledger.close(); // it ends in order
      }
      System.out.println(status);
      Thread.sleep(200);
    }
  }

  private static void watch(SalesBook sales) throws InterruptedException {
    String last = "";
    while (last.isEmpty() || last.contains("SENT")) {
      List<String> states = new ArrayList<>();
      sales.forEach(SalesBook.Filter.all(), sale -> states.add(sale.state() + " " + sale.route()));
      if (!states.toString().equals(last)) {
        last = states.toString();
        System.out.println(last);
      }
      Thread.sleep(100);
    }
  }

  private static int exchange(PaymentGate gate, Challenge challenge, String header, boolean stops)
      throws InterruptedException {
    Admission admission = Shop.admit(gate, challenge, Shop.REQUEST, header);
    if (admission instanceof Admission.Admitted) {
      System.out.println("settling");
    }
    return Shop.exchange(
        gate,
        challenge,
        admission,
        () -> {
          System.out.println("settled");
          if (stops) {
            Thread.sleep(60_000);
          }
        });
  }
}
