// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.adapter.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.springframework.ai.tool.annotation.ToolParam;

/**
 * A tool for agents that are built with LangChain4j or Spring AI: asks a web address, and pays for
 * the answer within the limits of the wallet behind the client.
 *
 * <pre>{@code
 * HttpClient client =
 *     PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(Usdc.BASE).build();
 * AiServices.builder(Assistant.class).chatModel(model).tools(new PaidFetchTool(client)).build();
 * ChatClient.builder(model).defaultTools(new PaidFetchTool(client)).build();
 * }</pre>
 *
 * <p>The model is not trusted: the wallet decides who is paid and how much. A refusal reaches the
 * model as text, and the model cannot raise a limit. The tool asks any address that its machine can
 * reach, so one that can reach internal hosts needs a proxy in between. Safe for use by several
 * threads.
 */
public final class PaidFetchTool {
  /** The length at which an answer is cut for the model, in bytes. */
  public static final int MAX_ANSWER = 20_000;

  private static final String GET =
      "Fetches a web address with GET. If it costs money, it is paid for automatically, within a"
          + " budget that cannot be changed. Do not repeat a call that was refused.";
  private static final String POST =
      "Sends JSON to a web address with POST. If it costs money, it is paid for automatically,"
          + " within a budget that cannot be changed. Do not repeat a call that was refused.";
  private static final String ADDRESS = "the address, beginning with https://";
  private static final String JSON = "the JSON text to send";

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final HttpClient client;
  private final Duration timeout;

  /**
   * Makes a tool. An answer may take 60 seconds to begin, and 60 more.
   *
   * @param client a {@code PayingHttpClient}, with the wallet of the agent
   */
  public PaidFetchTool(HttpClient client) {
    this(client, TIMEOUT);
  }

  PaidFetchTool(HttpClient client, Duration timeout) {
    this.client = client;
    this.timeout = timeout;
  }

  /** Returns the status and the text that the URL answers with, or why there is none. */
  @Tool(GET)
  @org.springframework.ai.tool.annotation.Tool(description = GET)
  public String fetch(@P(ADDRESS) @ToolParam(description = ADDRESS) String url) {
    try {
      return ask(HttpRequest.newBuilder(URI.create(url)));
    } catch (IllegalArgumentException e) {
      return "Not fetched: not a web address.";
    }
  }

  /**
   * Returns the status and the text that the URL answers a JSON text with, or why there is none.
   */
  @Tool(POST)
  @org.springframework.ai.tool.annotation.Tool(description = POST)
  public String post(
      @P(ADDRESS) @ToolParam(description = ADDRESS) String url,
      @P(JSON) @ToolParam(description = JSON) String json) {
    try {
      return ask(
          HttpRequest.newBuilder(URI.create(url))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString(json)));
    } catch (IllegalArgumentException e) {
      return "Not fetched: not a web address.";
    }
  }

  private String ask(HttpRequest.Builder request) {
    try {
      return text(client.send(request.timeout(timeout).build(), BodyHandlers.ofInputStream()));
    } catch (PaymentDeclinedException e) {
      return "Not paid, and not fetched: the rule " + e.rule() + " does not allow it.";
    } catch (PaymentPendingException e) {
      return "Not fetched: a payment was sent and its outcome is not known yet. Do not pay again.";
    } catch (IOException e) {
      return "Not fetched: no answer from the server.";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "Not fetched: interrupted.";
    }
  }

  private String text(HttpResponse<InputStream> response) throws IOException {
    byte[] beginning;
    try {
      beginning = beginning(response.body());
    } catch (IOException e) {
      if (Payment.of(response).isEmpty()) {
        throw e;
      }
      return "Paid for, but the answer broke off. Do not call it again: that would pay again.";
    }
    int shown = Math.min(beginning.length, MAX_ANSWER);
    String paid =
        Payment.of(response)
            .filter(Payment::settled)
            .map(payment -> ", paid " + payment.offer().price())
            .orElse("");
    return "Status "
        + response.statusCode()
        + paid
        + "\n"
        + new String(beginning, 0, shown, UTF_8)
        + (shown < beginning.length ? "..." : "");
  }

  /** Reads at most one byte more than is shown; closing the body ends a read that waits. */
  private byte[] beginning(InputStream body) throws IOException {
    AtomicBoolean isLate = new AtomicBoolean();
    CompletableFuture<Void> end =
        CompletableFuture.runAsync(
            () -> {
              isLate.set(true);
              close(body);
            },
            CompletableFuture.delayedExecutor(timeout.toMillis(), TimeUnit.MILLISECONDS));
    try (body) {
      byte[] read = body.readNBytes(MAX_ANSWER + 1);
      if (isLate.get()) {
        throw new IOException("the answer did not end in time");
      }
      return read;
    } finally {
      end.cancel(false);
    }
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // it is not read any more
    }
  }
}
