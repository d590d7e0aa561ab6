// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.extension.StoredAnswer;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.Refusal;
import io.github.x402j.gate.SaleTransport;
import io.github.x402j.gate.VerifiedPayment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.postgresql.ds.PGPoolingDataSource;

/** One of several servers of one merchant, in a JVM of its own; it prints its port. */
final class MarketServer implements SaleTransport<IOException> {
  static final Duration LEASE = Duration.ofSeconds(2);
  static final byte[] ANSWER = "what is paid for".getBytes(StandardCharsets.UTF_8);
  private static final int THREADS = 64;
  private static final Purchase PURCHASE = Purchase.of("GET /it", "GET").withFixedPrice();

  private final HttpExchange exchange;

  private MarketServer(HttpExchange exchange) {
    this.exchange = exchange;
  }

  static ChildJvm start(URI rpcUrl, Market market, String jdbcUrl, List<String> gasKeys)
      throws IOException {
    return ChildJvm.start(
        MarketServer.class,
        List.of(
            rpcUrl.toString(),
            Long.toString(market.chain.chainId()),
            String.join(",", gasKeys),
            market.usdc.address(),
            market.usdc.name(),
            market.usdc.version(),
            market.payTo.text(),
            jdbcUrl));
  }

  public static void main(String[] args) throws Exception {
    Network network = new Network(Long.parseLong(args[1]));
    PaymentRequirements offer =
        Market.offer(network, args[3], args[4], args[5], Address.parse(args[6]));
    EvmFacilitator.Builder facilitator = null;
    for (String key : args[2].split(",")) {
      EvmSigner gas = EvmSigner.ofPrivateKey(key);
      facilitator =
          facilitator == null
              ? EvmFacilitator.builder(network, Web3jChain.at(URI.create(args[0])), gas)
              : facilitator.gasKey(gas);
    }
    DataSource database = database(args[7]);
    JdbcPaymentLedger.createTables(database);
    JdbcSalesBook.createTables(database);
    PaymentGate gate =
        PaymentGate.builder()
            .ledger(JdbcPaymentLedger.builder(database).lease(LEASE).open())
            .salesBook(JdbcSalesBook.open(database))
            .facilitator(facilitator.build())
            .build();
    gate.start(List.of(offer));
    Challenge challenge =
        gate.challenge(PaymentRequired.of(ResourceInfo.of(Market.URL), List.of(offer)));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
    server.setExecutor(Executors.newFixedThreadPool(THREADS));
    server.createContext("/", exchange -> sell(gate, challenge, exchange));
    server.start();
    System.out.println(server.getAddress().getPort());
  }

  private static DataSource database(String url) {
    if (url.startsWith("jdbc:h2:")) {
      JdbcConnectionPool pool = JdbcConnectionPool.create(url, "sa", "");
      pool.setMaxConnections(16);
      return pool;
    }
    @SuppressWarnings("deprecation") // a pool that keeps to the driver's jar is all that is needed
    PGPoolingDataSource pool = new PGPoolingDataSource();
    pool.setUrl(url);
    pool.setMaxConnections(16);
    return pool;
  }

  private static void sell(PaymentGate gate, Challenge challenge, HttpExchange exchange)
      throws IOException {
    try (exchange) {
      gate.sell(
          challenge,
          PURCHASE,
          name -> exchange.getRequestHeaders().getOrDefault(name, List.of()),
          new MarketServer(exchange));
    }
  }

  private void send(int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  @Override
  public void refuse(Refusal refusal) throws IOException {
    refusal.headers().forEach(exchange.getResponseHeaders()::set);
    send(refusal.status(), refusal.body().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void repeat(StoredAnswer answer) {
    throw new IllegalStateException("payment identifiers are off");
  }

  @Override
  public void run(VerifiedPayment payment, Ending<IOException> ending) throws IOException {
    ending.completed();
  }

  @Override
  public void fail(VerifiedPayment payment) throws IOException {
    send(500, new byte[0]);
  }

  @Override
  public void addHeaders(VerifiedPayment payment, Map<String, String> headers) {
    headers.forEach(exchange.getResponseHeaders()::set);
  }

  @Override
  public Optional<StoredAnswer> copy(long maxBytes) {
    return Optional.empty();
  }

  @Override
  public void deliver(VerifiedPayment payment) throws IOException {
    send(200, ANSWER);
  }
}
