// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.http.BoundedBody;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.web3j.protocol.Service;
import org.web3j.protocol.core.Request;
import org.web3j.protocol.core.Response;

/**
 * The transport of web3j's requests: the JDK's HTTP client with one deadline over the whole
 * exchange and a cap on the answer, neither of which web3j's own transports have.
 *
 * <p>Messages are written here and not by web3j's superclass, whose way to do it needs RxJava on
 * the class path.
 *
 * <p>Messages of its exceptions never hold the URL, which may contain a key.
 */
final class JsonRpc extends Service {
  private static final int MAX_ANSWER_BYTES = 4 * 1024 * 1024;

  private final URI url;
  private final Duration timeout;
  private final HttpClient http;

  JsonRpc(URI url, Duration timeout) {
    this(
        url,
        timeout,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build());
  }

  /**
   * @param http follows no redirect
   */
  JsonRpc(URI url, Duration timeout, HttpClient http) {
    super(false);
    this.url = url;
    this.timeout = timeout;
    this.http = http;
  }

  @Override
  @SuppressWarnings({"rawtypes", "unchecked"}) // as in the superclass
  public <T extends Response> T send(Request request, Class<T> type) throws IOException {
    InputStream answer = performIO(message(request).toString());
    try {
      return objectMapper.readValue(answer, type);
    } catch (JsonProcessingException e) {
      throw unreadable();
    }
  }

  /** Sends the requests in one round trip; the responses are in their order. */
  List<Response<?>> sendAll(List<? extends Request<?, ? extends Response<?>>> requests)
      throws IOException {
    ArrayNode messages = objectMapper.createArrayNode();
    requests.forEach(request -> messages.add(message(request)));
    InputStream answer = performIO(messages.toString());
    try {
      return responses(requests, objectMapper.readTree(answer));
    } catch (JsonProcessingException e) {
      throw unreadable();
    }
  }

  private List<Response<?>> responses(
      List<? extends Request<?, ? extends Response<?>>> requests, JsonNode answers)
      throws IOException {
    Map<Long, JsonNode> byId = new HashMap<>();
    answers.forEach(answer -> byId.put(answer.path("id").asLong(-1), answer));
    List<Response<?>> responses = new ArrayList<>();
    for (Request<?, ? extends Response<?>> request : requests) {
      JsonNode answer = byId.get(request.getId());
      if (!answers.isArray() || answer == null) {
        throw new IOException("the node did not answer every request of a batch");
      }
      responses.add(objectMapper.treeToValue(answer, request.getResponseType()));
    }
    return responses;
  }

  /** Without Jackson's exception, which quotes the answer, which may quote the URL. */
  private static IOException unreadable() {
    return new IOException("the node's answer is not JSON-RPC");
  }

  private ObjectNode message(Request<?, ?> request) {
    return objectMapper
        .createObjectNode()
        .put("jsonrpc", request.getJsonrpc())
        .put("method", request.getMethod())
        .put("id", request.getId())
        .set("params", objectMapper.valueToTree(request.getParams()));
  }

  @Override
  protected InputStream performIO(String payload) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(payload))
            .build();
    HttpResponse<byte[]> response =
        await(http.sendAsync(request, info -> new BoundedBody(MAX_ANSWER_BYTES)));
    if (response.statusCode() != 200) {
      throw new IOException("the node answered HTTP status " + response.statusCode());
    }
    return new ByteArrayInputStream(response.body());
  }

  private HttpResponse<byte[]> await(CompletableFuture<HttpResponse<byte[]>> exchange)
      throws IOException {
    try {
      return exchange.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      exchange.cancel(true);
      throw new IOException("the node did not answer within " + timeout.toMillis() + " ms");
    } catch (ExecutionException e) {
      // The cause is not chained: its message may name the host or repeat the URL.
      throw new IOException("the node could not be reached: " + kindOf(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the node");
    }
  }

  private static String kindOf(ExecutionException e) {
    Throwable cause = e.getCause();
    return (cause == null ? e : cause).getClass().getSimpleName();
  }

  @Override
  public void close() {
    // The JDK's client ends with its last reference.
  }
}
