// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** JSON-RPC over HTTP on loopback: single requests and batches, with faults. Thread safe. */
final class RpcServer implements AutoCloseable {

  /** Hundreds of connections at once: one that finds the queue full waits for seconds. */
  private static final int BACKLOG = 1024;

  private static final int MAX_BODY = 8 * 1024 * 1024;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer http;
  private final ExecutorService threads;
  private final RpcMethods methods;
  private final Faults faults;
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  private RpcServer(HttpServer http, ExecutorService threads, RpcMethods methods, Faults faults) {
    this.http = http;
    this.threads = threads;
    this.methods = methods;
    this.faults = faults;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for a free one
   */
  static RpcServer start(int port, RpcMethods methods, Faults faults) throws IOException {
    // Read when the server's classes are loaded. Without it each answer waits 40 ms for the
    // client's acknowledgement.
    if (System.getProperty("sun.net.httpserver.nodelay") == null) {
      System.setProperty("sun.net.httpserver.nodelay", "true");
    }
    InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    HttpServer http = HttpServer.create(new InetSocketAddress(loopback, port), BACKLOG);
    ExecutorService threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "x402-local-chain");
              thread.setDaemon(true);
              return thread;
            });
    RpcServer server = new RpcServer(http, threads, methods, faults);
    http.createContext("/", server::handle);
    http.setExecutor(threads);
    http.start();
    return server;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  long requests() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  long requests(String method) {
    LongAdder count = counts.get(method);
    return count == null ? 0 : count.sum();
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    // Closing an exchange that was not answered closes its connection: that is how requests are
    // dropped.
    try (exchange) {
      if (!exchange.getRequestMethod().equals("POST")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
      if (body.length > MAX_BODY) {
        exchange.sendResponseHeaders(413, -1);
        return;
      }
      answer(exchange, body);
    }
  }

  private void answer(HttpExchange exchange, byte[] body) throws IOException {
    Optional<JsonNode> parsed = parse(body);
    if (parsed.isEmpty()) {
      send(exchange, failure(null, new RpcError(RpcError.PARSE_ERROR, "parse error")));
      return;
    }
    JsonNode message = parsed.get();
    List<JsonNode> requests =
        message.isArray()
            ? StreamSupport.stream(message.spliterator(), false).toList()
            : List.of(message);
    requests.forEach(request -> count(method(request)));
    List<Faults.Plan> plans = requests.stream().map(r -> faults.plan(method(r))).toList();
    if (!sabotage(exchange, plans)) {
      JsonNode answer = message.isArray() ? batch(requests, plans) : single(message, plans.get(0));
      if (plans.stream().noneMatch(Faults.Plan::dropAnswer)) {
        send(exchange, answer);
      }
    }
  }

  private static Optional<JsonNode> parse(byte[] body) throws IOException {
    try {
      JsonNode message = JSON.readTree(body);
      return message.isMissingNode() ? Optional.empty() : Optional.of(message);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private void count(String method) {
    counts.computeIfAbsent(method, m -> new LongAdder()).increment();
  }

  /** Returns true if a fault of the whole HTTP exchange has taken the place of its answer. */
  private static boolean sabotage(HttpExchange exchange, List<Faults.Plan> plans)
      throws IOException {
    for (Faults.Plan plan : plans) {
      String garbage = plan.garbage();
      Integer status = plan.httpStatus();
      if (plan.drop()) {
        pause(plan);
        return true;
      }
      if (garbage != null) {
        pause(plan);
        send(exchange, 200, garbage.getBytes(StandardCharsets.UTF_8));
        return true;
      }
      if (status != null) {
        pause(plan);
        exchange.sendResponseHeaders(status, -1);
        return true;
      }
    }
    return false;
  }

  private JsonNode batch(List<JsonNode> requests, List<Faults.Plan> plans) {
    if (requests.isEmpty()) {
      return failure(null, new RpcError(RpcError.INVALID_REQUEST, "empty batch"));
    }
    ArrayNode answers = RpcJson.NODES.arrayNode();
    for (int i = 0; i < requests.size(); i++) {
      answers.add(single(requests.get(i), plans.get(i)));
    }
    return answers;
  }

  private JsonNode single(JsonNode request, Faults.Plan plan) {
    JsonNode id = request.get("id");
    try {
      String method = method(request);
      if (method.isEmpty()) {
        throw new RpcError(RpcError.INVALID_REQUEST, "invalid request");
      }
      faults.takeHook(method).ifPresent(Runnable::run);
      pause(plan);
      RpcError error = plan.error();
      if (error != null) {
        throw error;
      }
      ObjectNode answer = envelope(id);
      answer.set("result", result(method, new Params(request.get("params"))));
      return answer;
    } catch (RpcError e) {
      return failure(id, e);
    } catch (RuntimeException e) {
      // The boundary: a bug of ours, or in what a test gave to beforeNext, must reach the client as
      // what it is.
      return failure(id, new RpcError(RpcError.INTERNAL_ERROR, "internal error: " + e));
    }
  }

  private JsonNode result(String method, Params params) {
    if (faults.withholds(method)) {
      return RpcJson.NODES.nullNode();
    }
    if (faults.swallows(method)) {
      return RpcJson.NODES.textNode(RpcMethods.decode(params.bytes(0)).getHash().toString());
    }
    return methods.call(method, params);
  }

  private static String method(JsonNode request) {
    JsonNode method = request.get("method");
    return method != null && method.isTextual() ? method.textValue() : "";
  }

  private static void pause(Faults.Plan plan) {
    try {
      Thread.sleep(plan.delay().toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the chain is being closed
    }
  }

  private static ObjectNode envelope(@Nullable JsonNode id) {
    ObjectNode answer = RpcJson.NODES.objectNode();
    answer.put("jsonrpc", "2.0");
    answer.set("id", id == null ? RpcJson.NODES.nullNode() : id);
    return answer;
  }

  private static JsonNode failure(@Nullable JsonNode id, RpcError error) {
    ObjectNode answer = envelope(id);
    ObjectNode json = answer.putObject("error");
    json.put("code", error.code());
    json.put("message", error.text());
    if (error.data() != null) {
      json.put("data", error.data());
    }
    return answer;
  }

  private static void send(HttpExchange exchange, JsonNode answer) throws IOException {
    send(exchange, 200, JSON.writeValueAsBytes(answer));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }
}
