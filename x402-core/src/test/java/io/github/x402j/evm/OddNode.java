// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;

/**
 * A node in front of another that has a habit: it answers in another way than the one behind. What
 * came in is counted.
 */
final class OddNode implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  private final URI chain;
  private final Habit habit;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<JsonNode> messages = new CopyOnWriteArrayList<>();

  /** What is answered over HTTP. */
  record Reply(int status, String body) {
    static Reply html(int status) {
      return new Reply(status, "<html><h1>" + status + "</h1></html>");
    }

    static Reply json(JsonNode body) {
      return new Reply(200, body.toString());
    }
  }

  /** How a node answers a message, which is one request or an array of them. */
  interface Habit {
    Reply reply(JsonNode message, OddNode node) throws IOException, InterruptedException;
  }

  private OddNode(URI chain, Habit habit) {
    this.chain = chain;
    this.habit = habit;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 512);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  static OddNode of(URI chain, Habit habit) {
    return new OddNode(chain, habit);
  }

  /** Returns the habit of a node that answers as the one behind. */
  static Habit plain() {
    return (message, node) -> Reply.json(node.answer(message));
  }

  /** Returns the habit that changes what each request is answered. */
  static Habit changing(String method, UnaryOperator<JsonNode> result) {
    return (message, node) -> {
      JsonNode answer = node.answer(message);
      for (int i = 0; i < Math.max(1, message.isArray() ? message.size() : 1); i++) {
        JsonNode asked = message.isArray() ? message.get(i) : message;
        ObjectNode one = (ObjectNode) (message.isArray() ? answer.get(i) : answer);
        if (asked.path("method").asText().equals(method) && one.has("result")) {
          one.set("result", result.apply(one.get("result")));
        }
      }
      return Reply.json(answer);
    };
  }

  Web3jChain port() {
    return Web3jChain.at(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"),
        Duration.ofSeconds(20));
  }

  int roundTrips() {
    return messages.size();
  }

  /** Returns how many requests came in; each of a batch counts. */
  int calls() {
    return messages.stream().mapToInt(each -> each.isArray() ? each.size() : 1).sum();
  }

  int batches() {
    return (int) messages.stream().filter(JsonNode::isArray).count();
  }

  void forget() {
    messages.clear();
  }

  /** Returns what the node behind answers to a message, each request of it on its own. */
  JsonNode answer(JsonNode message) throws IOException, InterruptedException {
    if (!message.isArray()) {
      return forward(message);
    }
    ArrayNode answers = JSON.createArrayNode();
    for (JsonNode one : message) {
      answers.add(forward(one));
    }
    return answers;
  }

  private JsonNode forward(JsonNode message) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(chain)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(message.toString()))
            .build();
    return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  /** Returns a JSON-RPC error. */
  static ObjectNode error(JsonNode id, int code, String message) {
    ObjectNode answer = JSON.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", id);
    answer.putObject("error").put("code", code).put("message", message);
    return answer;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode message = JSON.readTree(exchange.getRequestBody());
      messages.add(message);
      Reply reply = habit.reply(message, this);
      byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
