// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.receipt.ReceiptVerifier;
import io.github.x402j.receipt.TrustedIssuer;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.function.Function;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An embedded Jetty that sells {@code /premium}, for the receipts of a payment network, too. */
final class ReceiptShop implements AutoCloseable {
  private final Server server;
  private final ServerConnector connector;
  private final ReceiptVerifier verifier;

  private ReceiptShop(Server server, ServerConnector connector, ReceiptVerifier verifier) {
    this.server = server;
    this.connector = connector;
    this.verifier = verifier;
  }

  /**
   * Starts the shop on a free port of loopback.
   *
   * @param trust returns whose receipts count, given the shop's origin, which they must name
   */
  static ReceiptShop start(
      Token token, String payTo, Facilitator facilitator, Function<String, TrustedIssuer> trust)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open(); // binds, so that the filter can be told the address
    server.addConnector(connector);
    String origin = "http://127.0.0.1:" + connector.getLocalPort();

    ReceiptVerifier verifier = ReceiptVerifier.of(trust.apply(origin));
    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl(origin)
            .accept(token, payTo)
            .facilitator(facilitator) // for those who pay here, without a network
            .acceptReceipts(verifier)
            .olderRequiredHeader()
            .routes(Route.get("/premium").price("$0.01").description("Premium"))
            .build();
    server.setHandler(webapp(filter));

    ReceiptShop shop = new ReceiptShop(server, connector, verifier);
    try {
      server.start();
    } catch (Exception e) {
      connector.close();
      shop.close();
      throw e;
    }
    return shop;
  }

  private static ServletContextHandler webapp(PaymentFilter filter) {
    ServletContextHandler webapp = new ServletContextHandler("/");
    Handlers.addTo(webapp);
    webapp.addEventListener(
        new ServletContextListener() {
          @Override
          public void contextInitialized(ServletContextEvent event) {
            PaymentFilter.register(event.getServletContext(), filter);
          }
        });
    return webapp;
  }

  /** Returns scheme, host and port. */
  String origin() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  @Override
  public void close() throws Exception {
    server.stop();
    verifier.close();
  }
}
