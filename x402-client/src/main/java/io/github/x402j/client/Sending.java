// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * What requests are sent with.
 *
 * @param wrapped the caller's client, for requests without a payment
 * @param withoutRedirects for requests with one: a client that follows a redirect takes every
 *     header along, to whatever host it leads
 * @param descriptorWithin how long is waited for the end of a 402's body
 * @param executor where steps go on that must not hold up a timer or a connection
 * @param receipts what is shown instead of a payment
 */
record Sending(
    HttpClient wrapped,
    HttpClient withoutRedirects,
    Resending resending,
    Duration descriptorWithin,
    Clock clock,
    Executor executor,
    Receipts receipts) {

  static Sending over(
      HttpClient wrapped,
      Resending resending,
      Duration descriptorWithin,
      Clock clock,
      Receipts receipts) {
    HttpClient paying =
        wrapped.followRedirects() == HttpClient.Redirect.NEVER ? wrapped : twinOf(wrapped);
    Executor executor =
        wrapped.executor().orElseGet(() -> new CompletableFuture<>().defaultExecutor());
    return new Sending(wrapped, paying, resending, descriptorWithin, clock, executor, receipts);
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
