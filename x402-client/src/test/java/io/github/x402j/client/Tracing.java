// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A client around another that adds a header and takes note of what it sends, as tracers do. */
final class Tracing extends ForwardingHttpClient {
  static final String HEADER = "X-Trace";

  final List<HttpRequest> sent = new CopyOnWriteArrayList<>();
  private final HttpClient client;

  Tracing(HttpClient client) {
    super(client, new RunningCalls(() -> {}));
    this.client = client;
  }

  private HttpRequest traced(HttpRequest request) {
    sent.add(request);
    return HttpRequest.newBuilder(request, (name, value) -> true)
        .setHeader(HEADER, "trace-" + sent.size())
        .build();
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    return client.send(traced(request), handler);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    return client.sendAsync(traced(request), handler);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushes) {
    return client.sendAsync(traced(request), handler, pushes);
  }
}
