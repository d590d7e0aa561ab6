// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.servlet.JwksServlet;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.PaymentFilterBuilder;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An embedded Jetty that sells endpoints. */
final class ExampleServer implements AutoCloseable {
  /** How long the payment for {@code /pass} opens it again. */
  private static final Duration PASS = Duration.ofMinutes(10);

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
    return start(port, publicUrl, token, payTo, facilitator, settings -> {});
  }

  /** Starts the server on loopback, with more settings of its filter. */
  static ExampleServer start(
      int port,
      String publicUrl,
      Token token,
      String payTo,
      Facilitator facilitator,
      Consumer<PaymentFilterBuilder> settings)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    connector.open(); // binds, so that the filter can be told the address
    server.addConnector(connector);
    ExampleServer example = new ExampleServer(server, connector);

    String url = publicUrl.isEmpty() ? example.url() : publicUrl;
    ReceiptIssuer issuer = issuer(url);
    PaymentFilterBuilder filter =
        PaymentFilter.builder()
            .publicUrl(url)
            .accept(token, payTo)
            .facilitator(facilitator)
            .receipts(issuer)
            .routes(
                Route.of("/premium").methods("GET", "POST").price("$0.01").description("Premium"),
                Route.of("/report/{id}").price("$0.02").description("A report by its id"),
                Route.get("/pass").price("$0.01").pass(PASS).description("Ten minutes of it"),
                Route.of("/fails").price("$0.01").description("A handler that fails"),
                Route.of("/free").free(),
                Route.of("/health").free());
    settings.accept(filter);
    PaymentFilter built = filter.build();

    ServletContextHandler webapp = new ServletContextHandler("/");
    Handlers.addTo(webapp);
    webapp.addServlet(new ServletHolder("keys", JwksServlet.of(issuer)), "/.well-known/jwks.json");
    webapp.addEventListener(
        new ServletContextListener() {
          @Override
          public void contextInitialized(ServletContextEvent event) {
            PaymentFilter.register(event.getServletContext(), built);
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

  /** Signs receipts with a key that ends with this process, as the chain of the example does. */
  private static ReceiptIssuer issuer(String publicUrl) {
    URI url = URI.create(publicUrl);
    String origin = (url.getScheme() + "://" + url.getRawAuthority()).toLowerCase(Locale.ROOT);
    return ReceiptIssuer.builder(origin, origin)
        .key(SigningKey.generated(ReceiptAlgorithm.ES256))
        .build();
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
