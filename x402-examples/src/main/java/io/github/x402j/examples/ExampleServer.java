// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An embedded Jetty that sells endpoints. */
final class ExampleServer implements AutoCloseable {
  private final Server server;
  private final ServerConnector connector;

  private ExampleServer(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  /**
   * Starts the server on loopback.
   *
   * @param port 0 for any
   * @param publicUrl under which clients see it, or "" for its own address
   */
  static ExampleServer start(
      int port, String publicUrl, Token token, String payTo, Facilitator facilitator)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    connector.open(); // binds, so that the filter can be told the address
    server.addConnector(connector);
    ExampleServer example = new ExampleServer(server, connector);

    PaymentFilter filter =
        PaymentFilter.builder()
            .publicUrl(publicUrl.isEmpty() ? example.url() : publicUrl)
            .accept(token, payTo)
            .facilitator(facilitator)
            .routes(
                Route.of("/premium").methods("GET", "POST").price("$0.01").description("Premium"),
                Route.of("/report/{id}").price("$0.02").description("A report by its id"),
                Route.of("/fails").price("$0.01").description("A handler that fails"),
                Route.of("/free").free(),
                Route.of("/health").free())
            .build();

    ServletContextHandler webapp = new ServletContextHandler("/");
    Handlers.addTo(webapp);
    webapp.addEventListener(
        new ServletContextListener() {
          @Override
          public void contextInitialized(ServletContextEvent event) {
            PaymentFilter.register(event.getServletContext(), filter);
          }
        });
    server.setHandler(webapp);
    try {
      server.start();
    } catch (Exception e) {
      connector.close();
      server.stop();
      throw e;
    }
    return example;
  }

  String url() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  void join() throws InterruptedException {
    server.join();
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }
}
