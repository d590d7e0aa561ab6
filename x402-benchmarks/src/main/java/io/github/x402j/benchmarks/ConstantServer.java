// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.benchmarks;

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
import java.io.OutputStream;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/** A Jetty that gives one answer, with a filter in front or without. */
final class ConstantServer implements AutoCloseable {
  private final Server server;
  private final ServerConnector connector;

  private ConstantServer(Server server, ServerConnector connector) {
    this.server = server;
    this.connector = connector;
  }

  /**
   * Starts the server on a free port of 127.0.0.1.
   *
   * @param bytes the length of the body
   */
  static ConstantServer start(@Nullable PaymentFilter filter, int bytes) throws Exception {
    byte[] body = "x".repeat(bytes).getBytes(US_ASCII);
    return start(filter, new Answer(200, Map.of("Content-Type", "application/json"), body));
  }

  /** Starts a server without a filter that gives this answer. */
  static ConstantServer repeating(Answer answer) throws Exception {
    return start(null, answer);
  }

  private static ConstantServer start(@Nullable PaymentFilter filter, Answer answer)
      throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler webapp = new ServletContextHandler("/");
    webapp.addServlet(new ServletHolder("constant", new Constant(answer)), "/*");
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
    return new ConstantServer(server, connector);
  }

  String url() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  /** Opens a connection that stays open between requests. */
  Connection connect() throws IOException {
    return Connection.to(connector.getLocalPort());
  }

  /** One connection, for one thread. */
  record Connection(Socket socket, InputStream in, OutputStream out) implements AutoCloseable {
    /** Opens a connection to a port of 127.0.0.1. */
    static Connection to(int port) throws IOException {
      Socket socket = new Socket("127.0.0.1", port);
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(60_000);
      return new Connection(
          socket,
          new BufferedInputStream(socket.getInputStream(), 16_384),
          socket.getOutputStream());
    }

    /** Sends a GET and returns the length of the answer's body. */
    int get(String path, String... headers) throws IOException {
      return answer(path, headers).body.length;
    }

    /** Sends a GET and returns the answer. */
    Answer answer(String path, String... headers) throws IOException {
      String head = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
      for (String header : headers) {
        head += header + "\r\n";
      }
      out.write((head + "\r\n").getBytes(US_ASCII));
      int status =
          Integer.parseInt(line().substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
      Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        found.put(line.substring(0, colon), line.substring(colon + 1).trim());
      }
      int length = Integer.parseInt(found.getOrDefault("Content-Length", "0"));
      return new Answer(status, found, in.readNBytes(length));
    }

    private String line() throws IOException {
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
    public void close() throws IOException {
      socket.close();
    }
  }

  @Override
  public void close() throws Exception {
    server.stop();
  }

  /** What a server says. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(int status, Map<String, String> headers, byte[] body) {}

  /** Gives every request the same answer. */
  static final class Constant extends HttpServlet {
    private final transient Answer answer;
    private final transient Map<String, String> headers;

    Constant(Answer answer) {
      this.answer = answer;
      headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      headers.putAll(answer.headers);
      List.of("Server", "Date", "Content-Length", "Content-Type").forEach(headers::remove);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setStatus(answer.status);
      headers.forEach(response::setHeader);
      response.setContentType(answer.headers.get("Content-Type"));
      response.setContentLength(answer.body.length);
      response.getOutputStream().write(answer.body);
    }
  }
}
