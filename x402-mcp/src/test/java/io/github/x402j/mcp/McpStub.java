// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** A server that speaks as much MCP as its tests need, and says to tool calls what it is told. */
final class McpStub implements AutoCloseable {
  /** Breaks the connection off instead of answering. */
  static final Map<String, Object> DROPPED = Map.of("stub", "dropped");

  /** Does not answer for as long as the test runs. */
  static final Map<String, Object> SILENCE = Map.of("stub", "silence");

  /** Answers with an error of JSON-RPC. */
  static final Map<String, Object> JSON_RPC_ERROR = Map.of("stub", "error");

  private final HttpServer http;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Queue<Map<String, Object>> answers = new ConcurrentLinkedQueue<>();
  private final List<Object> payments = new CopyOnWriteArrayList<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private volatile @Nullable URI redirect;
  private volatile boolean closing;

  private McpStub(HttpServer http) {
    this.http = http;
  }

  static McpStub start() throws IOException {
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    McpStub stub = new McpStub(http);
    http.createContext("/mcp", stub::handle);
    http.setExecutor(stub.threads);
    http.start();
    return stub;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/mcp");
  }

  /** Says this to the next calls of tools, in this order. */
  @SafeVarargs
  final void answers(Map<String, Object>... results) {
    answers.addAll(List.of(results));
  }

  /** Is gone once it has given the next answer. */
  void closesAfterAnswer() {
    closing = true;
  }

  void redirectsPaymentsTo(URI other) {
    redirect = other;
  }

  /** Returns the payments that came, oldest first. */
  List<Object> payments() {
    return payments;
  }

  private void handle(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      send(exchange, 405, "");
      return;
    }
    Map<String, Object> message =
        McpJson.object(new String(exchange.getRequestBody().readAllBytes(), UTF_8)).orElseThrow();
    Object id = message.get("id");
    if (id == null) {
      send(exchange, 202, "");
    } else if ("initialize".equals(message.get("method"))) {
      result(
          exchange,
          id,
          Map.of(
              "protocolVersion",
              "2025-06-18",
              "capabilities",
              Map.of("tools", Map.of()),
              "serverInfo",
              Map.of("name", "stub", "version", "1")));
    } else {
      call(exchange, id, (Map<?, ?>) message.get("params"));
    }
  }

  private void call(HttpExchange exchange, Object id, Map<?, ?> params) throws IOException {
    if (params.get("_meta") instanceof Map<?, ?> meta && meta.get("x402/payment") != null) {
      payments.add(meta.get("x402/payment"));
      URI other = redirect;
      if (other != null) {
        exchange.getResponseHeaders().set("Location", other.toString());
        send(exchange, 307, "");
        return;
      }
    }
    Map<String, Object> answer = answers.remove();
    if (answer == DROPPED) {
      exchange.close();
    } else if (answer == SILENCE) {
      await();
    } else if (answer == JSON_RPC_ERROR) {
      reply(exchange, id, "error", Map.of("code", -32603, "message", "broken"));
    } else {
      result(exchange, id, answer);
    }
    if (closing) {
      http.stop(0);
    }
  }

  private void await() {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void result(HttpExchange exchange, Object id, Map<String, Object> result)
      throws IOException {
    reply(exchange, id, "result", result);
  }

  private static void reply(HttpExchange exchange, Object id, String name, Object value)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    send(exchange, 200, McpJson.text(Map.of("jsonrpc", "2.0", "id", id, name, value)));
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    end.countDown();
    http.stop(0);
    threads.shutdownNow();
  }
}
