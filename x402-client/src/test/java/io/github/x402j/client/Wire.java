// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntFunction;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** A client that is not the JDK's, which can fail requests with a payment. */
public final class Wire extends HttpClient {
  public final List<String> paid = new CopyOnWriteArrayList<>();
  public final BlockingQueue<CompletableFuture<?>> sent = new LinkedBlockingQueue<>();
  private final HttpClient client;
  private final IntFunction<Optional<IOException>> faults;

  /**
   * @param faults says for the first, second, ... request with a payment how it fails
   */
  public Wire(HttpClient client, IntFunction<Optional<IOException>> faults) {
    this.client = client;
    this.faults = faults;
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    return sendAsync(request, handler, null);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushes) {
    Optional<String> payment = request.headers().firstValue("PAYMENT-SIGNATURE");
    if (payment.isPresent()) {
      paid.add(payment.get());
      Optional<IOException> fault = faults.apply(paid.size());
      if (fault.isPresent()) {
        return CompletableFuture.failedFuture(fault.get());
      }
    }
    CompletableFuture<HttpResponse<T>> future = client.sendAsync(request, handler, pushes);
    sent.add(future);
    return future;
  }

  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    return client.send(request, handler);
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return client.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return client.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return client.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return client.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return client.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return client.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return client.authenticator();
  }

  @Override
  public Version version() {
    return client.version();
  }

  @Override
  public Optional<Executor> executor() {
    return client.executor();
  }
}
