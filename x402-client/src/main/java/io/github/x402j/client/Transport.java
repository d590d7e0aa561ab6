// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * The two clients that requests are sent over, and how. Immutable.
 *
 * @param wrapped the caller's client, for requests without a payment
 * @param withoutRedirects for requests with one: a client that follows a redirect sends every
 *     header along, to any host
 * @param retries when a payment with an unknown outcome is sent again
 * @param descriptorWithin how long the client waits for the end of a 402's body
 * @param executor runs the steps that may block
 * @param receipts shown instead of a payment
 */
record Transport(
    HttpClient wrapped,
    HttpClient withoutRedirects,
    RetryPolicy retries,
    Duration descriptorWithin,
    Clock clock,
    Executor executor,
    Receipts receipts) {

  static Transport over(
      HttpClient wrapped,
      RetryPolicy retries,
      Duration descriptorWithin,
      Clock clock,
      Receipts receipts) {
    HttpClient paying =
        wrapped.followRedirects() == HttpClient.Redirect.NEVER ? wrapped : twinOf(wrapped);
    Executor executor =
        wrapped.executor().orElseGet(() -> new CompletableFuture<>().defaultExecutor());
    return new Transport(wrapped, paying, retries, descriptorWithin, clock, executor, receipts);
  }

  /** Returns a client with the same settings that follows no redirect. */
  private static HttpClient twinOf(HttpClient client) {
    HttpClient.Builder twin =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(client.version())
            .sslContext(client.sslContext())
            .sslParameters(client.sslParameters());
    client.cookieHandler().ifPresent(twin::cookieHandler);
    client.connectTimeout().ifPresent(twin::connectTimeout);
    client.proxy().ifPresent(twin::proxy);
    client.authenticator().ifPresent(twin::authenticator);
    client.executor().ifPresent(twin::executor);
    return twin.build();
  }
}
