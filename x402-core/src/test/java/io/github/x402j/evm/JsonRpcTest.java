// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.web3j.protocol.core.Request;
import org.web3j.protocol.core.Response;

/** The transport: one deadline, a cap, batches in any order, and no URL in a message. */
class JsonRpcTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch over = new CountDownLatch(1);
  private HttpServer server;
  private JsonRpc rpc;

  @BeforeEach
  void open() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
    rpc = new JsonRpc(url(), Duration.ofSeconds(5));
  }

  @AfterEach
  void close() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/s3cret");
  }

  /** Answers each request by what this makes of its body. */
  private void answer(int status, UnaryOperator<String> answer) {
    server.createContext("/", exchange -> respond(exchange, status, answer));
  }

  private static void respond(HttpExchange exchange, int status, UnaryOperator<String> answer)
      throws IOException {
    try (exchange) {
      String asked = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      byte[] body = answer.apply(asked).getBytes(UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private Request<?, RpcAnswers.TextResponse> request(String method) {
    return new Request<>(method, List.of(), rpc, RpcAnswers.TextResponse.class);
  }

  private Object send() throws IOException {
    return rpc.send(request("eth_chainId"), RpcAnswers.TextResponse.class).getResult();
  }

  private static String result(JsonNode request, String result) {
    return "{\"jsonrpc\":\"2.0\",\"id\":" + request.get("id") + ",\"result\":\"" + result + "\"}";
  }

  private static JsonNode read(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void sendsARequestAndReturnsItsResult() throws IOException {
    answer(200, body -> result(read(body), read(body).get("method").asText()));
    assertThat(send()).isEqualTo("eth_chainId");
  }

  @Test
  void returnsTheResponsesOfABatchInTheOrderOfTheRequests() throws IOException {
    answer(
        200,
        body -> {
          JsonNode asked = read(body);
          return "[" + result(asked.get(1), "second") + "," + result(asked.get(0), "first") + "]";
        });
    List<Object> results = new ArrayList<>();
    for (Response<?> response : rpc.sendAll(List.of(request("a"), request("b")))) {
      results.add(response.getResult());
    }
    assertThat(results).containsExactly("first", "second");
  }

  @Test
  void refusesABatchOfWhichOneAnswerIsMissingAloneToo() {
    answer(
        200, body -> read(body).isArray() ? "[" + result(read(body).get(0), "first") + "]" : "[]");
    assertThatIOException()
        .isThrownBy(() -> rpc.sendAll(List.of(request("a"), request("b"))))
        .withMessage("the node's answer is not JSON-RPC");
  }

  @Test
  void namesTheStatusOfAnErrorAndQuotesNothing() {
    answer(429, body -> "<html>slow down, s3cret</html>");
    assertThatIOException()
        .isThrownBy(this::send)
        .withMessage("the node answered HTTP status 429")
        .withNoCause();
  }

  @Test
  void refusesWhatIsNotJson() {
    answer(200, body -> "<html>s3cret</html>");
    assertThatIOException()
        .isThrownBy(this::send)
        .withMessage("the node's answer is not JSON-RPC")
        .withNoCause();
  }

  @Test
  void refusesAnAnswerAboveTheCap() {
    answer(200, body -> result(read(body), "x".repeat(5 * 1024 * 1024)));
    assertThatIOException()
        .isThrownBy(this::send)
        .withMessageStartingWith("the node could not be reached")
        .withNoCause();
  }

  @Test
  void endsAtTheDeadline() {
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    rpc = new JsonRpc(url(), Duration.ofMillis(200));
    assertThatIOException()
        .isThrownBy(this::send)
        .satisfies(e -> assertThat(e.getMessage()).startsWith("the node").doesNotContain("s3cret"))
        .withNoCause();
  }

  @Test
  void doesNotFollowARedirect() {
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/");
            exchange.sendResponseHeaders(307, -1);
          }
        });
    assertThatIOException().isThrownBy(this::send).withMessage("the node answered HTTP status 307");
  }
}
