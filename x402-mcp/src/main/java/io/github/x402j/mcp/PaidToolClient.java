// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mcp;

import io.github.x402j.client.Payer;
import io.github.x402j.client.PayingHttpClient;
import io.github.x402j.client.Payment;
import io.github.x402j.client.PaymentDeclinedException;
import io.github.x402j.http.Backoff;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Calls tools of an MCP server and pays for those with a price, once per call and within the limits
 * of a wallet.
 *
 * <pre>{@code
 * Payer payer = Payer.of(wallet, Usdc.BASE);
 * try (PaidToolClient client = PaidToolClient.connect(URI.create("https://example.com/mcp"), payer)) {
 *   ToolAnswer answer = client.call("forecast", Map.of("city", "Lisbon"));
 * }
 * }</pre>
 *
 * <p>The wallet checks the host of the server's URL, and redirects are not followed, so a payment
 * goes to that host alone. Safe for use by several threads.
 */
public final class PaidToolClient implements AutoCloseable {
  /** How often a payment is sent again while its outcome is not known. */
  static final int RESEND_TIMES = PayingHttpClient.RESEND_TIMES;

  /** How much longer than the first pause the longest is: 10 s if the first is 500 ms. */
  private static final int LONGEST_PAUSE = 20;

  /**
   * How much longer than the first pause a payment is sent again: 90 s if the first is 500 ms. A
   * server that was killed delivers once its lease has run out, by default after 30 s.
   */
  private static final int RESEND_WITHIN = 180;

  private static final String REFUSED_LATER =
      "it was refused after a sending whose outcome is not known";

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  private final URI server;
  private final Payer payer;
  private final McpSyncClient mcp;
  private final Duration firstPause;

  PaidToolClient(URI server, Payer payer, McpSyncClient mcp, Duration firstPause) {
    this.server = server;
    this.payer = payer;
    this.mcp = mcp;
    this.firstPause = firstPause;
  }

  /**
   * Connects to a server. An answer may take 60 seconds.
   *
   * @param server the URL of its MCP endpoint
   * @param payer pays out of a wallet
   */
  public static PaidToolClient connect(URI server, Payer payer) {
    return connect(server, payer, TIMEOUT, FIRST_PAUSE);
  }

  /**
   * Returns a client that pays over a client of the SDK, of any transport: {@code
   * StdioClientTransport}, for a server that is a process of its own, has no URL. Closing it closes
   * that client.
   *
   * @param mcp initialised. It must follow no redirect: a payment would go where it leads
   * @param server the URL by whose host the wallet's rules know the server: its own, or the web
   *     site of whoever made it
   */
  public static PaidToolClient over(McpSyncClient mcp, URI server, Payer payer) {
    return new PaidToolClient(server, payer, mcp, FIRST_PAUSE);
  }

  static PaidToolClient connect(URI server, Payer payer, Duration timeout, Duration firstPause) {
    String base = server.getScheme() + "://" + server.getRawAuthority();
    HttpClientStreamableHttpTransport transport =
        HttpClientStreamableHttpTransport.builder(base)
            .endpoint(endpoint(server))
            .customizeClient(http -> http.followRedirects(HttpClient.Redirect.NEVER))
            .jsonMapper(McpJson.forSdk())
            .build();
    McpSyncClient mcp = McpClient.sync(transport).requestTimeout(timeout).build();
    PaidToolClient client = new PaidToolClient(server, payer, mcp, firstPause);
    try {
      mcp.initialize();
      return client;
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  private static String endpoint(URI server) {
    String path = server.getRawPath().isEmpty() ? "/" : server.getRawPath();
    return server.getRawQuery() == null ? path : path + "?" + server.getRawQuery();
  }

  /** Returns the client underneath, which pays for nothing. It lists the tools. */
  public McpSyncClient unpaid() {
    return mcp;
  }

  /**
   * Calls a tool, pays for it if it has a price, and returns its answer.
   *
   * @throws PaymentDeclinedException if the wallet does not allow the payment; nothing was signed
   * @throws ToolPaymentPendingException if a payment was sent and its outcome is not known
   * @throws IOException if there is no connection, or the journal cannot be read or written
   */
  public ToolAnswer call(String tool, Map<String, Object> arguments) throws IOException {
    CallToolRequest request = CallToolRequest.builder(tool).arguments(arguments).build();
    CallToolResult first = mcp.callTool(request);
    Optional<String> descriptor = descriptorIn(first);
    if (descriptor.isEmpty()) {
      return new ToolAnswer(first, Optional.empty());
    }
    Payment payment =
        payer.pay(
            server,
            PricedTool.resourceOf(tool),
            McpJson.text(new TreeMap<>(arguments)), // no second payment for the same call
            descriptor.get());
    return send(request, payment, false);
  }

  /**
   * Sends a payment again, and returns the answer. Never makes another payment.
   *
   * @throws ToolPaymentPendingException if its outcome is still not known
   * @throws IOException if the journal cannot be written
   */
  public ToolAnswer resend(ToolPaymentPendingException pending) throws IOException {
    return send(pending.request(), pending.payment(), true);
  }

  private ToolAnswer send(CallToolRequest request, Payment payment, boolean sentBefore)
      throws IOException {
    Object message = McpJson.object(payment.secretJson()).orElseThrow();
    CallToolRequest paid = PaymentMeta.with(message, payment.resumptionSecret(), request);
    boolean outcomeOpen = sentBefore;
    Backoff pauses = new Backoff(firstPause, 2, firstPause.multipliedBy(LONGEST_PAUSE));
    long begun = System.nanoTime();
    for (int sending = 1; ; sending++) {
      CallToolResult result = null;
      RuntimeException lost = null;
      requireNotRevoked(request, payment, outcomeOpen);
      try {
        result = mcp.callTool(paid);
      } catch (McpError e) { // an answer, though not of the tool
        if (outcomeOpen) {
          throw pending(request, payment, REFUSED_LATER, e);
        }
        payer.refused(payment, null);
        throw e;
      } catch (RuntimeException e) {
        // A timeout or a broken connection: the answer is lost. A refused connection proves no
        // more: the JDK's client reports one after it has sent the payment over another.
        lost = e;
      }
      if (result != null && !isPending(result)) {
        return decided(request, result, payment, outcomeOpen);
      }
      String why = result == null ? "the answer was lost" : "the server does not know it yet";
      outcomeOpen = true;
      boolean late = System.nanoTime() - begun > firstPause.multipliedBy(RESEND_WITHIN).toNanos();
      if (sending > RESEND_TIMES || late || !pause(pauses.next())) {
        throw pending(request, payment, why, lost);
      }
    }
  }

  private void requireNotRevoked(CallToolRequest request, Payment payment, boolean outcomeOpen) {
    try {
      payer.requireNotRevoked(server, payment);
    } catch (PaymentDeclinedException e) {
      if (outcomeOpen) {
        throw pending(request, payment, "the wallet was revoked", null);
      }
      payer.neverSent(payment, "not sent: the wallet was revoked");
      throw e;
    }
  }

  /**
   * @param outcomeOpen whether an earlier sending left the outcome open; a refusal may then be the
   *     echo of a settlement
   */
  private ToolAnswer decided(
      CallToolRequest request, CallToolResult result, Payment payment, boolean outcomeOpen) {
    String settlement = PaymentMeta.responseOf(result).map(McpJson::text).orElse(null);
    if (!Boolean.TRUE.equals(result.isError())) {
      return new ToolAnswer(result, Optional.of(payer.delivered(payment, settlement)));
    }
    if (outcomeOpen && !payer.saysSettled(payment, settlement)) {
      throw pending(request, payment, REFUSED_LATER, null);
    }
    return new ToolAnswer(result, Optional.of(payer.refused(payment, settlement)));
  }

  private ToolPaymentPendingException pending(
      CallToolRequest request, Payment payment, String why, @Nullable RuntimeException cause) {
    payer.unknown(payment, why);
    return new ToolPaymentPendingException(request, payment, why, cause);
  }

  /** Returns what a result asks to be paid, as JSON text; empty if it asks for nothing. */
  static Optional<String> descriptorIn(CallToolResult result) {
    if (!Boolean.TRUE.equals(result.isError())) {
      return Optional.empty();
    }
    if (isDescriptor(result.structuredContent())) {
      return Optional.of(McpJson.text(result.structuredContent()));
    }
    return result.content().stream()
        .limit(1)
        .flatMap(
            content -> content instanceof TextContent text ? Stream.of(text.text()) : Stream.of())
        .filter(text -> isDescriptor(McpJson.object(text).orElse(null)))
        .findFirst();
  }

  private static boolean isDescriptor(@Nullable Object content) {
    return content instanceof Map<?, ?> object
        && object.containsKey("x402Version")
        && object.containsKey("accepts");
  }

  private static boolean isPending(CallToolResult result) {
    return Boolean.TRUE.equals(result.isError())
        && PaymentMeta.responseOf(result)
            .filter(
                said ->
                    said instanceof Map<?, ?> response
                        && "settlement_pending".equals(response.get("errorReason")))
            .isPresent();
  }

  /** Waits; returns false if the thread is interrupted. */
  private static boolean pause(Duration pause) {
    try {
      Thread.sleep(pause.toMillis());
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    mcp.close();
  }
}
