// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * A client with the settings of the one that it wraps. How it sends is up to its subclass. It ends
 * as the clients of Java 21 and later do, and leaves the wrapped one open.
 */
abstract class ForwardingHttpClient extends HttpClient implements AutoCloseable {
  private static final Duration LONG = Duration.ofDays(1);

  private final HttpClient wrapped;
  final RunningCalls running;

  ForwardingHttpClient(HttpClient wrapped, RunningCalls running) {
    this.wrapped = wrapped;
    this.running = running;
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return wrapped.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return wrapped.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return wrapped.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return wrapped.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return wrapped.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return wrapped.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return wrapped.authenticator();
  }

  @Override
  public Version version() {
    return wrapped.version();
  }

  @Override
  public Optional<Executor> executor() {
    return wrapped.executor();
  }

  // HttpClient has these methods since Java 21; @Override would not compile before.

  /**
   * Accepts no more requests: they fail with an {@link java.io.IOException}. Those that run go on,
   * with their payments. The wrapped client stays open.
   */
  public void shutdown() {
    running.shutdown();
  }

  /**
   * Does what {@link #shutdown} does, and ends the requests that run: nothing is signed or sent
   * after that. One whose payment has left ends with {@link PaymentPendingException}, and its
   * payment stays pending in the journal; the others with an {@link java.io.IOException}.
   */
  public void shutdownNow() {
    running.shutdownNow();
  }

  /** Returns whether this was shut down and no request runs any more. */
  public boolean isTerminated() {
    return running.isTerminated();
  }

  /**
   * Waits until this {@linkplain #isTerminated() has terminated}, for this time at most, and
   * returns whether it has.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitTermination(Duration duration) throws InterruptedException {
    return running.awaitTermination(duration);
  }

  /**
   * Accepts no more requests and waits until those that run have ended. If the thread is
   * interrupted, it {@linkplain #shutdownNow() ends} them.
   */
  @Override
  public void close() {
    boolean interrupted = false;
    shutdown();
    while (!isTerminated()) {
      try {
        awaitTermination(LONG);
      } catch (InterruptedException e) {
        interrupted = true;
        shutdownNow();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the wrapped client's builder. A handshake that answers 402 is not paid. */
  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return wrapped.newWebSocketBuilder();
  }
}
