// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A connection that sends exactly the bytes it is given. HTTP clients tidy up what they send, and
 * an attacker does not. Every read ends after {@link #TIMEOUT_MILLIS}.
 */
final class RawHttp implements AutoCloseable {
  static final int TIMEOUT_MILLIS = 10_000;

  private final Socket socket;
  private final InputStream in;

  private RawHttp(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new BufferedInputStream(socket.getInputStream());
  }

  /** A whole response. The head ends before the empty line; the body is without its chunk sizes. */
  record Response(int status, String head, byte[] body, String trailers) {
    String text() {
      return new String(body, UTF_8);
    }

    /** Returns the first value of a header, or null. */
    @Nullable String header(String name) {
      List<String> values = headers(name);
      return values.isEmpty() ? null : values.get(0);
    }

    List<String> headers(String name) {
      List<String> values = new ArrayList<>();
      for (String line : head.split("\r\n", -1)) {
        int colon = line.indexOf(':');
        if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
          values.add(line.substring(colon + 1).strip());
        }
      }
      return values;
    }

    /** Returns whether the server ends the connection after this response. */
    boolean closes() {
      return headers("Connection").stream().anyMatch("close"::equalsIgnoreCase)
          || headers("Content-Length").isEmpty() && headers("Transfer-Encoding").isEmpty();
    }

    /** Returns everything that went over the wire as text, to look for what should not be there. */
    String all() {
      return head + "\r\n\r\n" + text() + trailers;
    }
  }

  static RawHttp connect(int port) throws IOException {
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    Socket socket = new Socket(loopback, port);
    while (socket.getLocalPort() == port) {
      // After some ten thousand connections the kernel may pick the server's own port for this end,
      // which connects the socket to itself: it then reads back what it sent.
      Socket itself = socket;
      socket = new Socket(loopback, port);
      itself.close();
    }
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    return new RawHttp(socket);
  }

  /** Asks for {@code target}, as it is, on a connection of its own. */
  static Response get(int port, String target, String... headers) throws IOException {
    return request(port, "GET", target, headers);
  }

  static Response request(int port, String method, String target, String... headers)
      throws IOException {
    try (RawHttp connection = connect(port)) {
      return connection.exchange(method, target, headers);
    }
  }

  /** Sends a request without a body on this connection, which stays open. */
  Response exchange(String method, String target, String... headers) throws IOException {
    StringBuilder lines =
        new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n");
    for (String header : headers) {
      lines.append(header).append("\r\n");
    }
    send(lines.append("\r\n").toString());
    return receive(method.equals("HEAD"));
  }

  /** Sends the characters of {@code bytes}, one byte each. */
  void send(String bytes) throws IOException {
    socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
    socket.getOutputStream().flush();
  }

  /**
   * Reads a response.
   *
   * @throws IOException if it ends early, or takes too long
   */
  Response receive(boolean isHead) throws IOException {
    String head = readHead();
    if (!head.matches("(?s)HTTP/1\\.[01] [0-9]{3}.*")) {
      throw new IOException(
          "not the head of a response from port "
              + socket.getPort()
              + " at port "
              + socket.getLocalPort()
              + ": "
              + head);
    }
    int status = Integer.parseInt(head.substring(9, 12));
    String lower = head.toLowerCase(Locale.ROOT);
    if (isHead || status == 204 || status == 304 || status < 200) {
      return new Response(status, head, new byte[0], "");
    }
    if (lower.contains("transfer-encoding: chunked")) {
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      String trailers = readChunks(body);
      return new Response(status, head, body.toByteArray(), trailers);
    }
    int at = lower.indexOf("content-length:");
    if (at < 0) {
      return new Response(status, head, in.readAllBytes(), "");
    }
    int end = lower.indexOf("\r\n", at);
    String length = lower.substring(at + 15, end < 0 ? lower.length() : end).strip();
    return new Response(status, head, readExactly(Integer.parseInt(length)), "");
  }

  /** Reads what there is until the server closes, or is silent for {@code quietMillis}. */
  String receiveAll(int quietMillis) throws IOException {
    socket.setSoTimeout(quietMillis);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketTimeoutException | SocketException quiet) {
      // What came before is what there is.
    }
    return all.toString(ISO_8859_1);
  }

  private String readHead() throws IOException {
    StringBuilder head = new StringBuilder();
    while (true) {
      String line = readLine();
      if (line.isEmpty()) {
        return head.toString();
      }
      head.append(head.length() == 0 ? "" : "\r\n").append(line);
    }
  }

  private String readChunks(ByteArrayOutputStream body) throws IOException {
    while (true) {
      int size = Integer.parseInt(readLine().split(";", 2)[0].strip(), 16);
      if (size == 0) {
        StringBuilder trailers = new StringBuilder();
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
          trailers.append(line).append("\r\n");
        }
        return trailers.toString();
      }
      body.write(readExactly(size));
      readLine();
    }
  }

  private byte[] readExactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException(
          "the response ends after " + bytes.length + " of " + length + " bytes");
    }
    return bytes;
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the connection ended in the head of a response");
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
