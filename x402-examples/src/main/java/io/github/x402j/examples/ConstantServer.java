// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.github.x402j.servlet.PaymentFilter;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/** A Jetty that always says the same, with a filter in front or not, and a load for it. */
final class ConstantServer implements AutoCloseable {
  private static final long TURN_NANOS = 1_500_000_000L;

  private final Server server;
  private final ServerConnector connector;
  private final Constant servlet;

  private ConstantServer(Server server, ServerConnector connector, Constant servlet) {
    this.server = server;
    this.connector = connector;
    this.servlet = servlet;
  }

  static ConstantServer start(@Nullable PaymentFilter filter) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    Constant servlet = new Constant();
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder("constant", servlet), "/*");
    if (filter != null) {
      webapp.addEventListener(
          new ServletContextListener() {
            @Override
            public void contextInitialized(ServletContextEvent event) {
              PaymentFilter.register(event.getServletContext(), filter);
            }
          });
    }
    server.setHandler(webapp);
    server.start();
    return new ConstantServer(server, connector, servlet);
  }

  void bodyOf(int bytes) {
    servlet.body = "x".repeat(bytes).getBytes(US_ASCII);
  }

  /** Returns the length of the body that the path is answered with. */
  int sizeOf(String path) throws IOException {
    try (Socket socket = connect()) {
      send(socket, path);
      return skipResponse(new BufferedInputStream(socket.getInputStream()));
    }
  }

  /** Returns a turn of load over one connection that is kept open; it answers requests a second. */
  Callable<Double> load(String path, String... headers) {
    return () -> {
      try (Socket socket = connect()) {
        InputStream in = new BufferedInputStream(socket.getInputStream(), 16_384);
        long start = System.nanoTime();
        long requests = 0;
        while (System.nanoTime() - start < TURN_NANOS) {
          send(socket, path, headers);
          skipResponse(in);
          requests++;
        }
        return requests * 1e9 / (System.nanoTime() - start);
      }
    };
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", connector.getLocalPort());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static void send(Socket socket, String path, String... headers) throws IOException {
    String head = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    for (String header : headers) {
      head += header + "\r\n";
    }
    socket.getOutputStream().write((head + "\r\n").getBytes(US_ASCII));
  }

  private static int skipResponse(InputStream in) throws IOException {
    int length = 0;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(line.substring("content-length:".length()).trim());
      }
    }
    in.skipNBytes(length);
    return length;
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the server closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /** Answers everything with the same bytes. */
  static final class Constant extends HttpServlet {
    private volatile byte[] body = new byte[0];

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setContentType("application/json");
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
    }
  }
}
