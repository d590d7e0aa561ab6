// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same as {@link InFlightTest} with real settlements, while the chain makes no block. */
class InFlightOnChainTest {
  private static final int PAYMENTS = 300;
  private static final int THREADS = 20;
  private static final String BODY = "sold";

  @RegisterExtension static final Market MARKET = new Market();

  private final TestWallet seller = TestWallet.random();
  private final EvmFacilitator facilitator = facilitator();

  private static EvmFacilitator facilitator() {
    TestWallet gas = TestWallet.random();
    MARKET.chain.fund(gas.address(), BigInteger.TEN.pow(18));
    return EvmFacilitator.builder(
            Web3jChain.at(MARKET.chain.rpcUrl()), EvmSigner.ofPrivateKey(gas.privateKey()))
        .settleTimeout(Duration.ofSeconds(60))
        .build();
  }

  private PaidWebapp start() {
    return PaidWebapp.on(Stack.JETTY, MARKET)
        .container(c -> c.threads(THREADS))
        .seller(seller)
        .facilitator(MARKET.settlements.over(facilitator))
        .filter(f -> f.maxTimeout(Duration.ofMinutes(10)))
        .handlers(Map.of("it", (request, response) -> response.getWriter().write(BODY)))
        .start();
  }

  @Test
  @Timeout(120)
  void theyWaitForABlockWithoutAThreadAndShareTransactions() throws Exception {
    List<RawHttp> clients = new ArrayList<>();
    try (PaidWebapp app = start()) {
      List<String> payments = sign(app);
      long before = transactions();
      MARKET.chain.automine(false);
      for (String payment : payments) {
        RawHttp client = RawHttp.connect(app.port());
        client.send("GET /paid/it HTTP/1.1\r\nHost: a\r\n" + payment + "\r\n\r\n");
        clients.add(client);
      }
      while (MARKET.settlements.begun.get() < PAYMENTS) {
        Thread.sleep(5);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(app.get("/free/it").text()).isEqualTo(BODY);
      }
      assertThat(MARKET.balance(seller)).isZero();
      MARKET.chain.automine(true);
      for (RawHttp client : clients) {
        RawHttp.Response response = client.receive(false);
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text()).isEqualTo(BODY);
      }
      long transactions = transactions() - before;
      System.out.printf("%d payments in %d transactions%n", PAYMENTS, transactions);
      assertThat(transactions).isLessThan(PAYMENTS / 4);
      assertThat(MARKET.balance(seller)).isEqualTo(PAYMENTS * 10_000L);
    } finally {
      MARKET.chain.automine(true);
      for (RawHttp client : clients) {
        client.close();
      }
    }
  }

  private long transactions() {
    return facilitator.signers().stream().mapToLong(it -> MARKET.chain.nonce(it.text())).sum();
  }

  private static List<String> sign(PaidWebapp app) throws IOException {
    RawHttp.Response unpaid = app.get("/paid/it");
    List<String> payments = new ArrayList<>();
    for (int i = 0; i < PAYMENTS / 10; i++) {
      TestPayer payer = MARKET.payer();
      for (int j = 0; j < 10; j++) {
        payments.add(payer.header(unpaid));
      }
    }
    return payments;
  }
}
