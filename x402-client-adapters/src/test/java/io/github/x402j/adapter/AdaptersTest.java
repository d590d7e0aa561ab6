// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.wallet.Dollars;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.core.SpringVersion;

/** Each adapter buys from a real seller: the filter on Jetty, and a chain. */
@Timeout(60)
class AdaptersTest {
  private static LocalChain chain;
  private static TestUsdc usdc;
  private static Token token;
  private static Server server;
  private static URI shop;

  @BeforeAll
  static void open() throws Exception {
    chain = LocalChain.start(31337);
    usdc = chain.deployUsdc();
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open();
    server.addConnector(connector);
    shop = URI.create("http://127.0.0.1:" + connector.getLocalPort());
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl(shop.toString())
            .accept(token, TestWallet.random().address())
            .facilitator(
                EvmFacilitator.builder(
                        token.network(),
                        Web3jChain.at(chain.rpcUrl()),
                        EvmSigner.ofPrivateKey(gas.privateKey()))
                    .build())
            .routes(
                Route.of("/sold").methods("GET", "POST").price("$0.01"),
                Route.of("/free").methods("GET", "POST").free())
            .build();
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder("echo", new Echo()), "/*");
    webapp.addServletContainerInitializer(
        (classes, context) -> PaymentFilter.register(context, filter));
    server.setHandler(webapp);
    server.start();
  }

  @AfterAll
  static void close() throws Exception {
    server.stop();
    chain.close();
  }

  /** Answers with what it was asked. */
  private static final class Echo extends HttpServlet {
    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setContentType("text/plain");
      response
          .getWriter()
          .print(
              request.getMethod()
                  + " "
                  + request.getContentType()
                  + " "
                  + new String(request.getInputStream().readAllBytes(), "UTF-8"));
    }
  }

  private static Agent agent(TestWallet account, String limit) {
    usdc.mint(account.address(), 1_000_000);
    return Agent.with(EvmSigner.ofPrivateKey(account.privateKey()), token, limit);
  }

  @ParameterizedTest
  @EnumSource
  void buysOnceForEachRequest(Shopper shopper) throws Exception {
    TestWallet account = TestWallet.random();
    Agent agent = agent(account, "$1");
    assertThat(shopper.get(agent.payer(), shop.resolve("/sold")).body()).startsWith("GET ");
    Shopper.Answer posted = shopper.post(agent.payer(), shop.resolve("/sold"), "the question");
    assertThat(posted.status()).isEqualTo(200);
    assertThat(posted.body()).startsWith("POST text/plain").endsWith(" the question");
    assertThat(posted.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(usdc.balanceOf(account.address())).isEqualTo(980_000);
    assertThat(agent.wallet().remaining()).isEqualTo(Dollars.parse("$0.98"));
    assertThat(agent.events())
        .containsExactly(
            "ASKED", "ALLOWED", "SIGNED", "SETTLED", "ASKED", "ALLOWED", "SIGNED", "SETTLED");
  }

  @ParameterizedTest
  @EnumSource
  void leavesAloneWhatCostsNothing(Shopper shopper) throws Exception {
    Agent agent = agent(TestWallet.random(), "$1");
    assertThat(shopper.post(agent.payer(), shop.resolve("/free"), "a").body()).endsWith(" a");
    assertThat(agent.events()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void staysWithinTheLimit(Shopper shopper) throws Exception {
    TestWallet account = TestWallet.random();
    Agent agent = agent(account, "$0.015");
    shopper.get(agent.payer(), shop.resolve("/sold"));
    Throwable failure =
        org.assertj.core.api.Assertions.catchThrowable(
            () -> shopper.get(agent.payer(), shop.resolve("/sold")));
    assertThat(failure).isInstanceOf(PaymentDeclinedException.class);
    assertThat(((PaymentDeclinedException) failure).rule()).isEqualTo("limit");
    assertThat(usdc.balanceOf(account.address())).isEqualTo(990_000);
  }

  @Test
  void runsOnTheSpringThatTheBuildNames() {
    assertThat(SpringVersion.getVersion()).startsWith(System.getProperty("x402.spring", "6.2."));
  }
}
