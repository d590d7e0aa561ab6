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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A node in front of another: it answers late, shows the state of an older block, is another chain,
 * or is away. What it does can be changed while it runs.
 */
final class NodeInFront implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TAGS = List.of("latest", "pending");

  /** Where each method has its block; a method that is not here is answered by the newest block. */
  private static final Map<String, Integer> BLOCK_AT =
      Map.of("eth_call", 1, "eth_estimateGas", 1, "eth_getCode", 1, "eth_getBalance", 1);

  private final URI chain;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, String> codes = new ConcurrentHashMap<>();
  private final List<JsonNode> seen = new CopyOnWriteArrayList<>();
  private volatile Duration delay = Duration.ZERO;
  private volatile long blocksBehind;
  private volatile boolean away;
  private volatile String chainId = "";

  private NodeInFront(URI chain) {
    this.chain = chain;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 512);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  static NodeInFront of(URI chain) {
    return new NodeInFront(chain);
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  Web3jChain port() {
    return Web3jChain.at(url(), Duration.ofSeconds(20));
  }

  /** Answers each HTTP request so much later. */
  NodeInFront late(Duration by) {
    delay = by;
    return this;
  }

  /** Reads states from a block before the newest; receipts and nonces are of the newest. */
  NodeInFront behind(long blocks) {
    blocksBehind = blocks;
    return this;
  }

  /** Closes every connection unanswered, or answers again. */
  NodeInFront away(boolean isAway) {
    away = isAway;
    return this;
  }

  /** Answers this chain id; the chain's own if it is empty. */
  NodeInFront chainId(String hex) {
    chainId = hex;
    return this;
  }

  /** Shows this code at the account. */
  NodeInFront code(String account, String code) {
    codes.put(account.toLowerCase(java.util.Locale.ROOT), code);
    return this;
  }

  /** Returns the requests of this method so far. */
  List<JsonNode> requests(String method) {
    return seen.stream().filter(each -> each.path("method").asText().equals(method)).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode message = JSON.readTree(exchange.getRequestBody());
      if (away) {
        return;
      }
      if (!delay.isZero()) {
        // A delay, not a wait for something: nobody counts this latch down.
        new CountDownLatch(1).await(delay.toMillis(), TimeUnit.MILLISECONDS);
      }
      byte[] answer = JSON.writeValueAsBytes(message.isArray() ? all(message) : one(message));
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode all(JsonNode messages) throws IOException, InterruptedException {
    ArrayNode answers = JSON.createArrayNode();
    for (JsonNode message : messages) {
      answers.add(one(message));
    }
    return answers;
  }

  private JsonNode one(JsonNode message) throws IOException, InterruptedException {
    seen.add(message);
    String method = message.path("method").asText();
    if (method.equals("eth_chainId") && !chainId.isEmpty()) {
      return answer(message).put("result", chainId);
    }
    String code = codes.get(message.path("params").path(0).asText());
    if (method.equals("eth_getCode") && code != null) {
      return answer(message).put("result", code);
    }
    Integer at = BLOCK_AT.get(method);
    if (blocksBehind == 0 || at == null) {
      return forward(message);
    }
    long shown =
        Long.decode(forward(request("eth_blockNumber")).path("result").asText()) - blocksBehind;
    String block = message.path("params").path(at).asText();
    if (!TAGS.contains(block) && Long.decode(block) > shown) {
      ObjectNode unknown = answer(message);
      unknown.putObject("error").put("code", -32000).put("message", "header not found");
      return unknown;
    }
    ObjectNode older = message.deepCopy();
    if (TAGS.contains(block)) {
      ((ArrayNode) older.get("params")).set(at.intValue(), "0x" + Long.toHexString(shown));
    }
    return forward(older);
  }

  private static ObjectNode request(String method) {
    ObjectNode request = JSON.createObjectNode().put("jsonrpc", "2.0").put("id", 1);
    request.put("method", method).putArray("params");
    return request;
  }

  private static ObjectNode answer(JsonNode message) {
    ObjectNode answer = JSON.createObjectNode().put("jsonrpc", "2.0");
    answer.set("id", message.get("id"));
    return answer;
  }

  private JsonNode forward(JsonNode message) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(chain)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(message)))
            .build();
    return JSON.readTree(http.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
