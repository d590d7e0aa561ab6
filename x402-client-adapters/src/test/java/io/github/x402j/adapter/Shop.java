// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
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

/** A real seller: the filter on Jetty, and a chain. It sells what it was asked. */
final class Shop implements AutoCloseable {
  final LocalChain chain;
  final TestUsdc usdc;
  final Token token;
  final URI url;
  private final Server server;

  private Shop() throws Exception {
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
    url = URI.create("http://127.0.0.1:" + connector.getLocalPort());
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl(url.toString())
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

  static Shop open() throws Exception {
    return new Shop();
  }

  /** Returns a new account with a dollar. */
  TestWallet account() {
    TestWallet account = TestWallet.random();
    usdc.mint(account.address(), 1_000_000);
    return account;
  }

  @Override
  public void close() throws Exception {
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
}
