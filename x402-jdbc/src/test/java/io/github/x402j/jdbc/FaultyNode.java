// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A proxy in front of a node, with several replicas behind it: one broadcast in twenty gets no
 * answer, whether it was taken or not; one reading in ten comes from a replica that is a block
 * behind; and for a while gas costs a thousand times as much.
 */
final class FaultyNode implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final BigInteger SPIKE = BigInteger.valueOf(1_000);
  private static final String SEND = "eth_sendRawTransaction";

  private final URI node;
  private final HttpClient http = HttpClient.newHttpClient();
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Random random;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger unanswered = new AtomicInteger();
  private final AtomicInteger lagging = new AtomicInteger();
  private volatile boolean faulty = true;
  private volatile boolean spike;

  FaultyNode(URI node, long seed) throws IOException {
    this.node = node;
    random = new Random(seed);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  void spike(boolean on) {
    spike = on;
  }

  /** Ends all faults. */
  void recover() {
    spike = false;
    faulty = false;
  }

  private synchronized boolean oneIn(int times) {
    return faulty && random.nextInt(times) == 0;
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      JsonNode message = JSON.readTree(exchange.getRequestBody());
      if (SEND.equals(message.path("method").asText()) && oneIn(20)) {
        unanswered.incrementAndGet();
        if (oneIn(2)) {
          forward(message);
        }
        return; // closes the connection
      }
      byte[] answer = JSON.writeValueAsBytes(withFaults(message));
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private JsonNode withFaults(JsonNode message) throws IOException, InterruptedException {
    boolean lags = !isSend(message) && oneIn(10);
    if (!lags) {
      return spiked(forward(message));
    }
    lagging.incrementAndGet();
    long behind = Math.max(0, number(forward(request("eth_blockNumber")).path("result")) - 1);
    JsonNode asked = message.deepCopy();
    each(asked, one -> readAt(one, behind));
    JsonNode answers = forward(asked);
    each(answers, one -> hideNewer(one, behind));
    return spiked(answers);
  }

  private static boolean isSend(JsonNode message) {
    return SEND.equals(message.path("method").asText());
  }

  private interface Change {
    void of(ObjectNode one);
  }

  private static void each(JsonNode message, Change change) {
    if (message.isArray()) {
      message.forEach(one -> change.of((ObjectNode) one));
    } else {
      change.of((ObjectNode) message);
    }
  }

  private static void readAt(ObjectNode request, long block) {
    String number = "0x" + Long.toHexString(block);
    if (request.path("params") instanceof ArrayNode params) {
      for (int i = 0; i < params.size(); i++) {
        if (params.get(i).asText().equals("latest")) {
          params.set(i, params.textNode(number));
        } else if (params.get(i) instanceof ObjectNode filter && filter.has("toBlock")) {
          filter.put("toBlock", number);
        }
      }
    }
  }

  private static void hideNewer(ObjectNode answer, long block) {
    if (answer.path("result") instanceof ObjectNode found
        && found.has("transactionHash")
        && number(found.path("blockNumber")) > block) {
      answer.putNull("result");
    }
  }

  private JsonNode spiked(JsonNode answers) {
    if (spike) {
      each(
          answers,
          one -> {
            if (one.path("result") instanceof ObjectNode block && block.has("baseFeePerGas")) {
              BigInteger fee =
                  new BigInteger(block.path("baseFeePerGas").asText().substring(2), 16);
              block.put("baseFeePerGas", "0x" + fee.multiply(SPIKE).toString(16));
            }
          });
    }
    return answers;
  }

  private static long number(JsonNode hex) {
    return Long.parseLong(hex.asText("0x0").substring(2), 16);
  }

  private static ObjectNode request(String method) {
    ObjectNode request = JSON.createObjectNode().put("jsonrpc", "2.0").put("id", 1);
    request.put("method", method).putArray("params");
    return request;
  }

  private JsonNode forward(JsonNode message) throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        http.send(
            HttpRequest.newBuilder(node)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(message)))
                .build(),
            HttpResponse.BodyHandlers.ofByteArray());
    return JSON.readTree(response.body());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  @Override
  public String toString() {
    return requests + " requests, " + unanswered + " unanswered broadcasts, " + lagging + " behind";
  }
}
