// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.client.PaymentPendingException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * A tool for agents that are built with LangChain4j: fetches a URL, and pays for it within the
 * limits of the wallet behind the client.
 *
 * <pre>{@code
 * HttpClient client =
 *     PayingHttpClient.over(HttpClient.newHttpClient()).wallet(wallet).token(Usdc.BASE).build();
 * Assistant assistant =
 *     AiServices.builder(Assistant.class).chatModel(model).tools(new PaidFetchTool(client)).build();
 * }</pre>
 *
 * <p>The model is not trusted: the wallet decides who is paid and how much. A refusal reaches the
 * model as text, and the model cannot raise a limit. Safe for use by several threads.
 */
public final class PaidFetchTool {
  /** The length at which an answer is cut for the model, in characters. */
  public static final int MAX_TEXT = 20_000;

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final HttpClient client;

  /**
   * Makes a tool.
   *
   * @param client a {@code PayingHttpClient}, with the wallet of the agent
   */
  public PaidFetchTool(HttpClient client) {
    this.client = client;
  }

  /** Returns the status and the text that the URL answers with, or why there is none. */
  @Tool(
      "Fetches a web address with GET. If it costs money, it is paid for automatically, within a"
          + " budget that cannot be changed. Do not repeat a call that was refused.")
  public String fetch(@P("the address, beginning with https://") String url) {
    HttpRequest request;
    try {
      request = HttpRequest.newBuilder(URI.create(url)).timeout(TIMEOUT).build();
    } catch (IllegalArgumentException e) {
      return "Not fetched: not a web address.";
    }
    try {
      return text(client.send(request, HttpResponse.BodyHandlers.ofString()));
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

  private static String text(HttpResponse<String> response) {
    String body = response.body();
    String shown = body.length() <= MAX_TEXT ? body : body.substring(0, MAX_TEXT) + "...";
    String paid =
        Payment.of(response)
            .filter(Payment::settled)
            .map(payment -> ", paid " + payment.offer().price())
            .orElse("");
    return "Status " + response.statusCode() + paid + "\n" + shown;
  }
}
