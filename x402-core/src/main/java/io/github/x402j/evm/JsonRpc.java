// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.http.BoundedBody;
import io.github.x402j.http.Ticker;
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
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.web3j.protocol.Service;
import org.web3j.protocol.core.Request;
import org.web3j.protocol.core.Response;

/**
 * The transport of web3j's requests: the JDK's HTTP client with one deadline over the whole
 * exchange and a cap on the answer, neither of which web3j's own transports have.
 *
 * <p>Sends many requests as a batch if the node takes batches, in batches as long as it takes, and
 * otherwise one by one. It finds that out by itself: a batch that was answered in another way than
 * a batch is, while its first request alone is answered, was one that the node does not take.
 *
 * <p>Messages are written here and not by web3j's superclass, whose way to do it needs RxJava on
 * the class path.
 *
 * <p>Messages of its exceptions never hold the URL, which may contain a key.
 */
final class JsonRpc extends Service {
  private static final int MAX_ANSWER_BYTES = 4 * 1024 * 1024;

  /** Nodes that take longer batches are rare, and batches of this library are not longer. */
  private static final int LONGEST_BATCH = 100;

  /** Single requests that stand in for a batch and are under way at a time. */
  private static final int SINGLES_AT_A_TIME = 8;

  /** After this long the node is asked anew whether it takes batches: it may have been a fault. */
  private static final Duration LEARNED_FOR = Duration.ofMinutes(10);

  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final List<Duration> PAUSES = List.of(PAUSE, PAUSE.multipliedBy(2));
  private static final Duration LONG_PAUSE = Duration.ofSeconds(1);

  private static final int OK = 200;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int FIRST_OF_SERVERS = 500;
  private static final String ERROR = "error";

  /** JSON-RPC errors that pass: a limit (EIP-1474, and HTTP's number for it), a fault inside. */
  private static final Set<Integer> PASSING = Set.of(-32005, 429, -32603);

  private final URI url;
  private final Duration timeout;
  private final HttpClient http;
  private final Ticker ticker;
  private final ChainListener listener;

  /** How many requests of one batch the node has not refused; 1 if it takes no batches. */
  private volatile int longest = LONGEST_BATCH;

  private volatile long learned;

  JsonRpc(URI url, Duration timeout) {
    this(
        url,
        timeout,
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build(),
        Ticker.SYSTEM,
        ChainListener.NONE);
  }

  /**
   * @param http follows no redirect
   */
  JsonRpc(URI url, Duration timeout, HttpClient http, Ticker ticker) {
    this(url, timeout, http, ticker, ChainListener.NONE);
  }

  private JsonRpc(
      URI url, Duration timeout, HttpClient http, Ticker ticker, ChainListener listener) {
    super(false);
    this.url = url;
    this.timeout = timeout;
    this.http = http;
    this.ticker = ticker;
    this.listener = listener;
    this.learned = ticker.nanos();
  }

  /** Returns the same endpoint, which tells the listener of each message. */
  JsonRpc withListener(ChainListener newListener) {
    return new JsonRpc(url, timeout, http, ticker, newListener);
  }

  /** Sends the request once, whatever becomes of it. */
  @Override
  @SuppressWarnings({"rawtypes", "unchecked"}) // as in the superclass
  public <T extends Response> T send(Request request, Class<T> type) throws IOException {
    ChainListener.Exchange exchange = listener.asking(request.getMethod());
    ChainListener.Outcome outcome = ChainListener.Outcome.UNREACHABLE;
    try {
      T response = single(await(begin(message(request).toString())), type);
      outcome = outcome(List.of((Response<?>) response));
      return response;
    } finally {
      exchange.ended(outcome);
    }
  }

  /** A call that was reverted is an answer. */
  private static ChainListener.Outcome outcome(List<Response<?>> responses) {
    boolean isAnswered =
        responses.stream()
            .allMatch(each -> !each.hasError() || RpcAnswers.isOfExecution(each.getError()));
    return isAnswered ? ChainListener.Outcome.ANSWERED : ChainListener.Outcome.ERROR;
  }

  private static String methodOf(List<? extends Request<?, ?>> requests) {
    String first = requests.get(0).getMethod();
    return requests.stream().allMatch(each -> each.getMethod().equals(first)) ? first : "batch";
  }

  /**
   * Sends the requests, none of which changes anything, in as few round trips as the node allows;
   * the responses are in their order. What a load balancer or a limit has answered is asked once
   * more.
   */
  List<Response<?>> sendAll(List<? extends Request<?, ? extends Response<?>>> requests)
      throws IOException {
    List<Response<?>> responses = sendOnce(requests, false);
    for (Duration pause : PAUSES) {
      List<Request<?, ? extends Response<?>>> limited = new ArrayList<>();
      for (int i = 0; i < requests.size(); i++) {
        if (isLimited(responses.get(i))) {
          limited.add(requests.get(i));
        }
      }
      if (limited.isEmpty()) {
        break;
      }
      sleep(pause);
      Iterator<Response<?>> again = sendOnce(limited, true).iterator();
      responses.replaceAll(response -> isLimited(response) ? again.next() : response);
    }
    return responses;
  }

  /** Returns whether the node says of itself that it cannot answer now. */
  private static boolean isLimited(Response<?> response) {
    return response.hasError()
        && PASSING.contains(response.getError().getCode())
        && !RpcAnswers.isOfExecution(response.getError());
  }

  /**
   * @param isAgain whether the node has said before that it cannot answer now: perhaps it means the
   *     batch
   */
  private List<Response<?>> sendOnce(
      List<? extends Request<?, ? extends Response<?>>> requests, boolean isAgain)
      throws IOException {
    List<Response<?>> responses = new ArrayList<>();
    while (responses.size() < requests.size()) {
      int length = longest();
      List<? extends Request<?, ? extends Response<?>>> left =
          requests.subList(responses.size(), requests.size());
      if (length == 1 || left.size() == 1) {
        int most = Math.min(SINGLES_AT_A_TIME, left.size());
        responses.addAll(singles(left.subList(0, most), true));
      } else {
        responses.addAll(batch(left.subList(0, Math.min(length, left.size())), isAgain));
      }
    }
    return responses;
  }

  /** Returns the responses to the first of the requests: one at least, or all of them. */
  private List<Response<?>> batch(
      List<? extends Request<?, ? extends Response<?>>> requests, boolean isAgain)
      throws IOException {
    Batch batch = exchange(requests);
    List<Response<?>> responses = batch.responses();
    boolean isPassing = !isAgain && responses.stream().anyMatch(JsonRpc::isLimited);
    if (isPassing || !refusesAll(responses)) {
      if (!isPassing && responses.size() < requests.size()) {
        shorten(responses.size()); // it cuts longer ones
      }
      return responses;
    }
    List<Response<?>> alone = singles(requests.subList(0, 1), !batch.isOdd());
    if (!refusesAll(alone)) {
      shorten(requests.size() / 2);
      return alone;
    }
    if (responses.size() < requests.size()) {
      throw new IOException("the node did not answer every request of a batch");
    }
    return responses; // it refuses what is asked, not the batch
  }

  /**
   * The answer to a batch.
   *
   * @param isOdd whether a load balancer or a limit had answered at first
   */
  private record Batch(List<Response<?>> responses, boolean isOdd) {}

  private Batch exchange(List<? extends Request<?, ? extends Response<?>>> requests)
      throws IOException {
    ArrayNode messages = objectMapper.createArrayNode();
    requests.forEach(request -> messages.add(message(request)));
    ChainListener.Exchange exchange = listener.asking(methodOf(requests));
    ChainListener.Outcome outcome = ChainListener.Outcome.UNREACHABLE;
    try {
      HttpResponse<byte[]> answer = await(begin(messages.toString()));
      boolean isOdd = isOdd(answer);
      if (isOdd) {
        answer = again(messages.toString(), answer);
      }
      List<Response<?>> responses = responses(requests, answer);
      outcome = responses.isEmpty() ? ChainListener.Outcome.ERROR : outcome(responses);
      return new Batch(responses, isOdd);
    } finally {
      exchange.ended(outcome);
    }
  }

  /** Returns whether the node refuses all, for a reason that says nothing of what was asked. */
  private static boolean refusesAll(List<Response<?>> responses) {
    return responses.stream()
        .allMatch(
            response -> response.hasError() && !RpcAnswers.isOfExecution(response.getError()));
  }

  /**
   * Sends each request on its own, all at the same time.
   *
   * @param twice whether to ask again for what a load balancer or a limit has answered
   */
  private List<Response<?>> singles(
      List<? extends Request<?, ? extends Response<?>>> requests, boolean twice)
      throws IOException {
    List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
    List<ChainListener.Exchange> exchanges = new ArrayList<>();
    for (Request<?, ? extends Response<?>> request : requests) {
      exchanges.add(listener.asking(request.getMethod()));
      answers.add(begin(message(request).toString()));
    }
    List<Response<?>> responses = new ArrayList<>();
    try {
      for (int i = 0; i < requests.size(); i++) {
        HttpResponse<byte[]> answer = await(answers.get(i));
        if (twice && isOdd(answer)) {
          answer = again(message(requests.get(i)).toString(), answer);
        }
        Response<?> response = single(answer, requests.get(i).getResponseType());
        exchanges.get(i).ended(outcome(List.of(response)));
        responses.add(response);
      }
      return responses;
    } finally {
      exchanges.stream()
          .skip(responses.size())
          .forEach(each -> each.ended(ChainListener.Outcome.UNREACHABLE));
    }
  }

  private <T> T single(HttpResponse<byte[]> answer, Class<T> type) throws IOException {
    JsonNode json = json(answer.body());
    boolean isAnswer = answer.statusCode() == OK || (json != null && json.path(ERROR).isObject());
    if (!isAnswer) {
      throw new IOException("the node answered HTTP status " + answer.statusCode());
    }
    try {
      T response = json == null || !json.isObject() ? null : objectMapper.treeToValue(json, type);
      if (response != null) {
        return response;
      }
    } catch (JsonProcessingException e) {
      // Without the exception, which quotes the answer, which may quote the URL.
    }
    throw new IOException("the node's answer is not JSON-RPC");
  }

  /** Returns the responses to the first of the requests, as far as the answer has them. */
  private List<Response<?>> responses(
      List<? extends Request<?, ? extends Response<?>>> requests, HttpResponse<byte[]> answer) {
    JsonNode answers = json(answer.body());
    Map<Long, JsonNode> byId = new HashMap<>();
    if (answers != null && answers.isArray()) {
      answers.forEach(each -> byId.put(each.path("id").asLong(-1), each));
    }
    List<Response<?>> responses = new ArrayList<>();
    for (Request<?, ? extends Response<?>> request : requests) {
      JsonNode one = byId.get(request.getId());
      try {
        Response<?> response =
            one == null ? null : objectMapper.treeToValue(one, request.getResponseType());
        if (response == null) {
          break;
        }
        responses.add(response);
      } catch (JsonProcessingException e) {
        break;
      }
    }
    return responses;
  }

  private @Nullable JsonNode json(byte[] body) {
    try {
      return objectMapper.readTree(body);
    } catch (IOException e) {
      return null;
    }
  }

  private int longest() {
    return ticker.nanos() - learned > LEARNED_FOR.toNanos() ? LONGEST_BATCH : longest;
  }

  private synchronized void shorten(int length) {
    longest = Math.max(1, Math.min(length, longest()));
    learned = ticker.nanos();
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
    return new ByteArrayInputStream(await(begin(payload)).body());
  }

  /** Returns whether a load balancer or a limit has answered, and the node itself has not. */
  private boolean isOdd(HttpResponse<byte[]> answer) {
    int status = answer.statusCode();
    if (status == TOO_MANY_REQUESTS) {
      return true;
    }
    if (status != OK && status < FIRST_OF_SERVERS) {
      return false;
    }
    JsonNode json = json(answer.body());
    return json == null || json.isMissingNode();
  }

  private HttpResponse<byte[]> again(String payload, HttpResponse<byte[]> odd) throws IOException {
    sleep(pause(odd));
    return await(begin(payload));
  }

  private void sleep(Duration pause) throws IOException {
    try {
      ticker.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for the node");
    }
  }

  /** Returns how long the node wants not to be asked, within reason. */
  private static Duration pause(HttpResponse<byte[]> answer) {
    boolean wantsMore =
        answer.headers().firstValue("Retry-After").filter(text -> !text.equals("0")).isPresent();
    return wantsMore ? LONG_PAUSE : PAUSE;
  }

  private CompletableFuture<HttpResponse<byte[]>> begin(String payload) {
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(payload))
            .build();
    return http.sendAsync(request, info -> new BoundedBody(MAX_ANSWER_BYTES));
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
