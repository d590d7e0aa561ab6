// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.TestWallet;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.h2.tools.Server;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Many payments at once through two servers with one ledger and three gas accounts, on a chain
 * whose node is not always right; one of the servers is killed and started again.
 *
 * <pre>
 * -Dx402.market.payments=2000 -Dx402.market.payers=200  how many
 * -Dx402.market.patience=65                             for how many seconds each payer asks
 * -Dx402.rpc=http://127.0.0.1:8545                      on a node that is there already
 * -Dx402.postgres=jdbc:postgresql://...                 on PostgreSQL, otherwise on H2
 * </pre>
 */
@Timeout(600)
class MarketTest {
  private static final int PAYMENTS = Integer.getInteger("x402.market.payments", 200);
  private static final int PAYERS = Integer.getInteger("x402.market.payers", 40);
  private static final int AT_ONCE = 64;

  private final Market market = new Market();
  private final List<TestWallet> gas =
      List.of(market.gasAccount(), market.gasAccount(), market.gasAccount());
  private final AtomicReferenceArray<URI> servers = new AtomicReferenceArray<>(2);
  private final List<ChildJvm> processes = new ArrayList<>();

  @Test
  void everyPayerIsChargedOnceAndServedWhateverBreaks() throws Exception {
    Server h2 = Server.createTcpServer("-tcpPort", "0", "-ifNotExists").start();
    try (FaultyNode node = new FaultyNode(market.chain.rpcUrl(), 402)) {
      String jdbcUrl = database(h2);
      serve(0, node, jdbcUrl);
      serve(1, node, jdbcUrl);
      long begin = System.nanoTime();
      List<Market.Order> orders = buyAll(node, jdbcUrl);
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
      node.recover();
      buyOneOfEach();
      List<Market.Order> unserved = orders.stream().filter(order -> order.served == 0).toList();
      for (Market.Order order : unserved) {
        order.tryOnce(servers.get(1));
      }
      List<Market.Order> bad = orders.stream().filter(order -> !order.isFair()).toList();
      long served = orders.stream().filter(order -> order.served == 1).count();
      System.out.printf(
          "market: %d payments of %d payers in %d ms, %d served; %d answers 503, %d without an"
              + " answer; %s%n",
          orders.size(),
          PAYERS,
          millis,
          served,
          orders.stream().mapToInt(order -> order.unavailable).sum(),
          orders.stream().mapToInt(order -> order.unanswered).sum(),
          node);
      assertThat(bad).isEmpty();
      assertThat(unserved)
          .as("what the killed server had recorded and not sent; not charged")
          .hasSizeLessThanOrEqualTo(AT_ONCE);
      assertThat(market.earned()).isEqualTo((served + 2) * Market.PRICE);
      assertThat(market.gaps(gas)).isEmpty();
    } finally {
      processes.forEach(ChildJvm::close);
      h2.stop();
      market.close();
    }
  }

  private static String database(Server h2) throws Exception {
    String postgres = System.getProperty("x402.postgres", "");
    String name = "market_" + UUID.randomUUID().toString().replace("-", "");
    if (postgres.isEmpty()) {
      return "jdbc:h2:tcp://localhost:" + h2.getPort() + "/mem:" + name + ";DB_CLOSE_DELAY=-1";
    }
    PGSimpleDataSource server = new PGSimpleDataSource();
    server.setUrl(postgres);
    try (Connection connection = server.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA " + name);
    }
    return postgres + (postgres.contains("?") ? "&" : "?") + "currentSchema=" + name;
  }

  /** The first server has two gas accounts, the second has one. */
  private ChildJvm serve(int number, FaultyNode node, String jdbcUrl) throws Exception {
    List<String> keys =
        (number == 0 ? gas.subList(0, 2) : gas.subList(2, 3))
            .stream().map(TestWallet::privateKey).toList();
    ChildJvm process = MarketServer.start(node.url(), market, jdbcUrl, keys);
    processes.add(process);
    servers.set(number, URI.create("http://127.0.0.1:" + process.line() + "/it"));
    return process;
  }

  private List<Market.Order> buyAll(FaultyNode node, String jdbcUrl) throws Exception {
    List<TestWallet> payers = new ArrayList<>();
    for (int i = 0; i < PAYERS; i++) {
      payers.add(market.payer(PAYMENTS / PAYERS + 1));
    }
    AtomicInteger done = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<Market.Order>> all = new ArrayList<>();
      for (int i = 0; i < PAYMENTS; i++) {
        int number = i;
        all.add(
            threads.submit(
                () -> {
                  Market.Order order = market.new Order(payers.get(number % PAYERS), number);
                  order.buy(attempt -> servers.get((number + attempt) % 2));
                  done.incrementAndGet();
                  return order;
                }));
      }
      awaitDone(done, PAYMENTS / 4);
      processes.get(0).kill();
      serve(0, node, jdbcUrl);
      awaitDone(done, PAYMENTS / 2);
      node.spike(true);
      Thread.sleep(2_000);
      node.spike(false);
      List<Market.Order> orders = new ArrayList<>();
      for (Future<Market.Order> each : all) {
        orders.add(each.get());
      }
      return orders;
    } finally {
      threads.shutdownNow();
    }
  }

  private static void awaitDone(AtomicInteger done, int count) throws InterruptedException {
    while (done.get() < count) {
      Thread.sleep(10);
    }
  }

  /** A number that is missing is taken by the next transaction of its account. */
  private void buyOneOfEach() throws InterruptedException {
    for (int server = 0; server < 2; server++) {
      int number = server;
      market.new Order(market.payer(1), PAYMENTS + server).buy(attempt -> servers.get(number));
    }
  }
}
