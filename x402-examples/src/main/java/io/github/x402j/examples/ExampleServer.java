// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.servlet.Payments;
import io.github.x402j.servlet.RequiresPayment;
import io.github.x402j.servlet.Route;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An embedded Jetty that sells {@code /premium} and {@code /annotated}. */
final class ExampleServer implements AutoCloseable {
  private final Server server;
  private final String url;

  private ExampleServer(Server server, String url) {
    this.server = server;
    this.url = url;
  }

  /** More settings of the filter, given the server's URL. */
  interface Settings {
    void addTo(PaymentFilter.Builder filter, String url);
  }

  /** Starts the server on a free port of 127.0.0.1. */
  static ExampleServer start(Token token, String payTo, Facilitator facilitator) throws Exception {
    return start(token, payTo, facilitator, (filter, url) -> {});
  }

  static ExampleServer start(Token token, String payTo, Facilitator facilitator, Settings settings)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.open(); // binds the port, which is in the URL that the filter is told
    server.addConnector(connector);
    String url = "http://127.0.0.1:" + connector.getLocalPort();

    PaymentFilter.Builder filter =
        PaymentFilter.builder()
            .publicUrl(url)
            .accept(token, payTo)
            .facilitator(facilitator)
            .routes(
                Route.get("/premium").price("$0.01").description("Premium"),
                Route.of("/free").free());
    settings.addTo(filter, url);
    server.setHandler(webapp(filter.build()));
    try {
      server.start();
    } catch (Exception e) {
      connector.close();
      server.stop();
      throw e;
    }
    return new ExampleServer(server, url);
  }

  private static ServletContextHandler webapp(PaymentFilter filter) {
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder(new Free()), "/free");
    webapp.addServlet(new ServletHolder(new Premium()), "/premium");
    webapp.addServlet(new ServletHolder(new Annotated()), "/annotated");
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
  String url() {
    return url;
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  private static void write(HttpServletResponse response, String text) throws IOException {
    response.setContentType("text/plain");
    response.setCharacterEncoding("UTF-8");
    response.getWriter().println(text);
  }

  /** Costs nothing. */
  static final class Free extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, "free");
    }
  }

  /** Has its price in a route, and knows who paid. */
  static final class Premium extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      String payer = Payments.of(request).map(VerifiedPayment::payer).orElseThrow().text();
      write(response, "premium content, paid for by " + payer);
    }
  }

  /** Has its price in its annotation, whatever URL it is reached by. */
  @RequiresPayment(value = "$0.01", description = "An annotated servlet")
  static final class Annotated extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, "annotated content");
    }
  }
}
