// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.OnChainToken;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.jdbc.JdbcSalesBook;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens with other decimals than USDC's, from the price to the seller's totals. */
class DecimalsTest {
  private static LocalChain chain;
  private static final TestWallet GAS = TestWallet.random();

  private final TestWallet payer = TestWallet.random();
  private final TestWallet seller = TestWallet.random();
  private final String database = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
  private TestUsdc coin;
  private Token token;

  @BeforeAll
  static void startChain() {
    chain = LocalChain.start(31337);
    chain.fund(GAS.address(), BigInteger.TEN.pow(18));
  }

  @AfterAll
  static void stopChain() {
    chain.close();
  }

  /** Prices that each token can express, and what two sales of the first cost in tokens. */
  @ParameterizedTest
  @CsvSource({
    "18, $0.01, 10000000000000000, $0.015, 0.020000000000000000",
    "18, $0.000000000000000001, 1, $0.0000000000000000015, 0.000000000000000002",
    "18, $12345.678901234567890123, 12345678901234567890123, $20000, 24691.357802469135780246",
    "2, $0.05, 5, $0.07, 0.10",
    "0, $3, 3, $5, 6"
  })
  void sellsAndBuysInATokenOfDecimals(
      int decimals, String price, BigInteger units, String limit, String sold) throws Exception {
    deploy(decimals);
    try (JdbcSalesBook book = openBook()) {
      Server server = sells(price, book);
      try {
        String url = "http://127.0.0.1:" + port(server) + "/paid";
        inspectShows(url, price, units);
        buysWithTheCommand(url, price, units);
        buysOnceWithinTheWalletsLimit(url, price, limit);
        assertThat(coin.balanceOf(seller.address())).isEqualTo(units.multiply(BigInteger.TWO));
      } finally {
        server.stop();
      }
      totalsAre(decimals, sold, units);
    }
  }

  private void deploy(int decimals) throws Exception {
    coin = chain.deployUsdc("Other Coin", "1", decimals);
    token = OnChainToken.read(Web3jChain.at(chain.rpcUrl()), Address.parse(coin.address()));
    assertThat(token)
        .isEqualTo(
            new Token(
                new Network(31337), Address.parse(coin.address()), decimals, "Other Coin", "1"));
    coin.mint(payer.address(), BigInteger.TEN.pow(30));
  }

  private JdbcSalesBook openBook() throws Exception {
    JdbcDataSource source = new JdbcDataSource();
    source.setURL(database);
    JdbcSalesBook.createTables(source);
    return JdbcSalesBook.open(source);
  }

  private Server sells(String price, JdbcSalesBook book) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open();
    server.addConnector(connector);
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl("http://127.0.0.1:" + connector.getLocalPort())
            .accept(token, seller.address())
            .facilitator(
                EvmFacilitator.builder(
                        token.network(),
                        Web3jChain.at(chain.rpcUrl()),
                        EvmSigner.ofPrivateKey(GAS.privateKey()))
                    .build())
            .salesBook(book)
            .routes(Route.of("/paid").price(price))
            .build();
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder(new Paid()), "/paid");
    webapp.addEventListener(
        new ServletContextListener() {
          @Override
          public void contextInitialized(ServletContextEvent event) {
            PaymentFilter.register(event.getServletContext(), filter);
          }
        });
    server.setHandler(webapp);
    server.start();
    return server;
  }

  private static final class Paid extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.getWriter().print("bought");
    }
  }

  private static int port(Server server) {
    return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
  }

  private void inspectShows(String url, String price, BigInteger units) throws Exception {
    Invocation inspected =
        Invocation.of(Map.of(), "inspect", url, "--rpc-url", chain.rpcUrl().toString());
    assertThat(inspected.out()).contains(shown(price) + " (" + units + " atomic units)");
    JsonNode json =
        Invocation.of(Map.of(), "inspect", url, "--rpc-url", chain.rpcUrl().toString(), "--json")
            .json();
    assertThat(json.at("/accepts/0/amount").textValue()).isEqualTo(units.toString());
    assertThat(json.at("/accepts/0/price").textValue()).isEqualTo(shown(price));
  }

  private static String shown(String price) {
    return price.contains(".") ? price : price + ".00";
  }

  private void buysWithTheCommand(String url, String price, BigInteger units) throws Exception {
    assertThat(pay(url, below(price)).err()).contains("maxPerPayment", price + " (" + units);
    Invocation paid = pay(url, price);
    assertThat(paid.out()).contains("bought");
    assertThat(coin.balanceOf(seller.address())).isEqualTo(units);
  }

  /** The price less its last digit's unit, or one dollar less. */
  private static String below(String price) {
    return price.equals("$3")
        ? "$2"
        : price.endsWith("1") && price.length() > 15
            ? "$0.0000000000000000009"
            : price.substring(0, price.length() - 1)
                + (char) (price.charAt(price.length() - 1) - 1)
                + "9";
  }

  private Invocation pay(String url, String max) {
    List<String> line = new ArrayList<>(List.of("pay", url, "--max", max));
    line.addAll(List.of("--rpc-url", chain.rpcUrl().toString(), "--token", coin.address()));
    return Invocation.of(Map.of("X402_KEY", payer.privateKey()), line.toArray(String[]::new));
  }

  /** The limit is more than one price and less than two. */
  private void buysOnceWithinTheWalletsLimit(String url, String price, String limit)
      throws Exception {
    try (SpendJournal journal = SpendJournal.inMemory()) {
      AgentWallet wallet =
          AgentWallet.provision("agent", EvmSigner.ofPrivateKey(payer.privateKey()), journal)
              .limit(limit, BillingPeriod.EVER)
              .allowedDomains("127.0.0.1")
              .create();
      PayingHttpClient client =
          PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(token).build();
      HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
      assertThat(client.send(request, BodyHandlers.ofString()).body()).isEqualTo("bought");
      assertThat(wallet.status().spent()).hasToString(Price.parse(price).toString());
      assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
          .isInstanceOfSatisfying(
              PaymentDeclinedException.class,
              declined -> {
                assertThat(declined.rule()).isEqualTo("limit");
                assertThat(declined.limit()).contains(limit);
              });
    }
  }

  private void totalsAre(int decimals, String sold, BigInteger units) throws Exception {
    Invocation totals =
        Invocation.of(Map.of(), "sales", "totals", "--by", "ROUTE", "--database", database);
    assertThat(totals.out()).contains(sold + " Other Coin ");
    JsonNode total =
        Invocation.of(
                Map.of(), "sales", "totals", "--by", "ROUTE", "--database", database, "--json")
            .json()
            .path(0);
    assertThat(total.path("amount").textValue())
        .isEqualTo(units.multiply(BigInteger.TWO).toString());
    assertThat(total.path("decimals").intValue()).isEqualTo(decimals);
  }

  @ParameterizedTest
  @CsvSource({"0, $0.01", "2, $0.001", "18, $0.0000000000000000001"})
  void aPriceThatTheTokenCannotExpressFailsTheStart(int decimals, String price) throws Exception {
    deploy(decimals);
    try (JdbcSalesBook book = openBook()) {
      assertThatThrownBy(() -> sells(price, book))
          .hasStackTraceContaining("use a price that the token can express");
    }
  }
}
