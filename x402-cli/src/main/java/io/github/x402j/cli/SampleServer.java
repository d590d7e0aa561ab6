// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Facilitator;
import io.github.x402j.Token;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.receipt.ReceiptAlgorithm;
import io.github.x402j.receipt.ReceiptIssuer;
import io.github.x402j.receipt.SigningKey;
import io.github.x402j.servlet.JwksServlet;
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
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** The server of {@code x402 serve}: an embedded Jetty that sells a few endpoints. */
final class SampleServer implements AutoCloseable {
  /** How long the payment for {@code /pass} opens it again. */
  private static final Duration PASS = Duration.ofMinutes(10);

  private final Server server;
  private final ServerConnector connector;

  private SampleServer(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  /**
   * Starts the server on loopback.
   *
   * @param port 0 for any
   * @param publicUrl the URL that clients use, or "" for its own address
   */
  static SampleServer start(
      int port, String publicUrl, Token token, String payTo, Facilitator facilitator)
      throws Exception {
    return start(port, publicUrl, token, payTo, facilitator, settings -> {});
  }

  /** Starts the server on loopback, with more settings of its filter. */
  static SampleServer start(
      int port,
      String publicUrl,
      Token token,
      String payTo,
      Facilitator facilitator,
      Consumer<PaymentFilter.Builder> settings)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    connector.open(); // binds, so that the filter can be told the address
    server.addConnector(connector);
    SampleServer example = new SampleServer(server, connector);

    String url = publicUrl.isEmpty() ? example.url() : publicUrl;
    ReceiptIssuer issuer = issuer(url);
    PaymentFilter.Builder filter =
        PaymentFilter.builder()
            .publicUrl(url)
            .accept(token, payTo)
            .facilitator(facilitator)
            .receipts(issuer)
            .routes(
                Route.of("/premium").methods("GET", "POST").price("$0.01").description("Premium"),
                Route.of("/report/{id}").price("$0.02").description("A report by its id"),
                Route.get("/pass").price("$0.01").pass(PASS).description("Open for ten minutes"),
                Route.of("/fails").price("$0.01").description("A handler that fails"),
                Route.of("/free").free(),
                Route.of("/health").free());
    settings.accept(filter);
    PaymentFilter built = filter.build();

    ServletContextHandler webapp = new ServletContextHandler("/");
    addServlets(webapp);
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

  /** Signs receipts with a key that lives as long as this process. */
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

  /** Adds the servlets that are sold, and those that are free. */
  static void addServlets(ServletContextHandler webapp) {
    webapp.addServlet(new ServletHolder("free", new Text("free")), "/free");
    webapp.addServlet(new ServletHolder("health", new Text("ok")), "/health");
    webapp.addServlet(new ServletHolder("premium", new Premium()), "/premium");
    webapp.addServlet(new ServletHolder("annotated", new Annotated()), "/annotated");
    webapp.addServlet(new ServletHolder("report", new Report()), "/report/*");
    webapp.addServlet(new ServletHolder("pass", new Text("open for ten minutes")), "/pass");
    webapp.addServlet(new ServletHolder("fails", new Fails()), "/fails");
  }

  private static void write(HttpServletResponse response, String text) throws IOException {
    response.setContentType("text/plain");
    response.setCharacterEncoding("UTF-8");
    response.getWriter().println(text);
  }

  /** Answers with a constant text. */
  static final class Text extends HttpServlet {
    private final String text;

    Text(String text) {
      this.text = text;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      write(response, text);
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

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      int bytes = request.getInputStream().readAllBytes().length;
      write(response, "premium answer to " + bytes + " bytes");
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

  /** Serves {@code /report/{id}}. */
  static final class Report extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      if (request.getPathInfo() == null || request.getPathInfo().length() < 2) {
        response.sendError(HttpServletResponse.SC_NOT_FOUND);
        return;
      }
      write(response, "report " + request.getPathInfo().substring(1));
    }
  }

  /** Fails after the payment was verified, which costs the payer nothing. */
  static final class Fails extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
      write(response, "half an answer");
    }
  }
}
