// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A facilitator on a socket of this machine that answers byte for byte what a test wants. */
public final class HostileFacilitator implements AutoCloseable {
  public static final String KINDS =
      "{\"kinds\":[{\"x402Version\":2,\"scheme\":\"exact\",\"network\":\"eip155:84532\"},"
          + "{\"x402Version\":1,\"scheme\":\"exact\",\"network\":\"base-sepolia\"}],"
          + "\"extensions\":[],\"signers\":{}}";

  /** A request as it came. */
  record Request(String method, String path, String head, String body) {}

  /** Writes an answer, or does not. */
  public interface Script {
    void answer(OutputStream out) throws IOException, InterruptedException;
  }

  final List<Request> requests = new CopyOnWriteArrayList<>();
  private final Map<String, List<Script>> scripts = new ConcurrentHashMap<>();
  private final ServerSocket server;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "hostile-facilitator");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean closed;

  public HostileFacilitator() {
    try {
      server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    on("/supported", json(200, KINDS));
    threads.execute(this::accept);
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  /** Answers the first request for the path by the first script, and so on; the last one stays. */
  public HostileFacilitator on(String path, Script... answers) {
    scripts.put(path, new CopyOnWriteArrayList<>(answers));
    return this;
  }

  public long asked(String path) {
    return requests.stream().filter(request -> request.path().equals(path)).count();
  }

  Request last(String path) {
    return requests.stream()
        .filter(request -> request.path().equals(path))
        .reduce((one, other) -> other)
        .orElseThrow();
  }

  public static Script json(int status, String body) {
    return raw(
        "HTTP/1.1 "
            + status
            + " X\r\nContent-Type: application/json\r\nContent-Length: "
            + body.getBytes(UTF_8).length
            + "\r\n\r\n"
            + body);
  }

  public static Script html(int status) {
    String body = "<html><body>Bad gateway at internal-host:8080</body></html>";
    return raw(
        "HTTP/1.1 "
            + status
            + " X\r\nContent-Type: text/html\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  /** An answer as it is written, and the announcement that the connection ends, which it does. */
  public static Script raw(String bytes) {
    String closing = bytes.replaceFirst("\r\n", "\r\nConnection: close\r\n");
    return out -> out.write(closing.getBytes(UTF_8));
  }

  /** Takes the request and says nothing. */
  public static Script silence() {
    return out -> Thread.sleep(60_000);
  }

  /** Takes the request and hangs up. */
  public static Script hangUp() {
    return out -> {};
  }

  public static Script afterMillis(long millis, Script then) {
    return out -> {
      Thread.sleep(millis);
      then.answer(out);
    };
  }

  /** One byte of a body at a time, with so much time between. */
  public static Script dripping(String body, long millis) {
    return out -> {
      out.write(
          ("HTTP/1.1 200 X\r\nContent-Length: " + body.length() + "\r\n\r\n").getBytes(UTF_8));
      for (byte each : body.getBytes(UTF_8)) {
        out.write(each);
        out.flush();
        Thread.sleep(millis);
      }
    };
  }

  /** A body without an end. */
  public static Script endless() {
    return out -> {
      out.write("HTTP/1.1 200 X\r\nContent-Length: 1000000000\r\n\r\n".getBytes(UTF_8));
      byte[] spaces = " ".repeat(8192).getBytes(UTF_8);
      for (int i = 0; i < 100_000; i++) {
        out.write(spaces);
      }
    };
  }

  private void accept() {
    while (!closed) {
      try {
        Socket socket = server.accept();
        threads.execute(() -> serve(socket));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request = read(new BufferedInputStream(socket.getInputStream()));
      requests.add(request);
      OutputStream out = socket.getOutputStream();
      next(request.path()).answer(out);
      out.flush();
    } catch (IOException | InterruptedException e) {
      // the other side has gone, or the test is over
    }
  }

  private synchronized Script next(String path) {
    List<Script> answers = scripts.getOrDefault(path, List.of(json(404, "{}")));
    return answers.size() > 1 ? answers.remove(0) : answers.get(0);
  }

  private static Request read(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.write(next);
    }
    String text = head.toString(ISO_8859_1);
    String[] line = text.substring(0, text.indexOf("\r\n")).split(" ", -1);
    int length =
        text.lines()
            .filter(each -> each.toLowerCase(Locale.ROOT).startsWith("content-length:"))
            .mapToInt(each -> Integer.parseInt(each.substring(15).trim()))
            .findFirst()
            .orElse(0);
    return new Request(line[0], line[1], text, new String(in.readNBytes(length), UTF_8));
  }

  @Override
  public void close() {
    closed = true;
    threads.shutdownNow();
    try {
      server.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
