// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;

/**
 * Calls over HTTP/1.1 with one deadline for the whole exchange and a cap on the answer. Redirects
 * are not followed. Messages of its exceptions hold no URL, header or answer. Safe for use by
 * several threads.
 */
public final class BoundedHttp {
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1]");

  private final HttpClient http;
  private final int maxBytes;

  /**
   * @param connectTimeout for a connection, more than zero
   * @param maxBytes the longest answer that is read; a longer one is no answer
   */
  public BoundedHttp(Duration connectTimeout, int maxBytes) {
    this(
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(connectTimeout)
            .build(),
        maxBytes);
  }

  /**
   * @param http follows no redirect
   * @param maxBytes the longest answer that is read; a longer one is no answer
   */
  public BoundedHttp(HttpClient http, int maxBytes) {
    this.http = http;
    this.maxBytes = maxBytes;
  }

  /** Returns whether the host is this machine: {@code localhost}, 127.0.0.0/8 or {@code [::1]}. */
  public static boolean isLoopback(String host) {
    return LOOPBACK.matcher(host.toLowerCase(Locale.ROOT)).matches();
  }

  /** Returns whether what is sent to the URL cannot be read on the way: https, or this machine. */
  public static boolean isSafe(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    return url.getHost() != null
        && (scheme.equals("https") || (scheme.equals("http") && isLoopback(url.getHost())));
  }

  /**
   * Returns the answer, whatever its status.
   *
   * @throws NoAnswerException if there is none in time, or it is too long
   */
  public HttpResponse<byte[]> send(HttpRequest request, Duration timeout) throws NoAnswerException {
    SendingWatch watch = SendingWatch.of(request);
    HttpRequest watched =
        HttpRequest.newBuilder(request, (name, value) -> true)
            .method(request.method(), watch)
            .build();
    CompletableFuture<HttpResponse<byte[]>> exchange =
        http.sendAsync(watched, info -> new BoundedBody(maxBytes));
    try {
      return exchange.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      exchange.cancel(true);
      throw new NoAnswerException("no answer in time", false);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      String kind = cause.getClass().getSimpleName(); // its message may name the host
      boolean neverSent = foundNoConnection(cause) && !watch.mayHaveLeft();
      throw new NoAnswerException(
          (neverSent ? "no connection: " : "the exchange broke off: ") + kind, neverSent);
    } catch (InterruptedException e) {
      exchange.cancel(true);
      Thread.currentThread().interrupt();
      throw new NoAnswerException("interrupted while waiting", false);
    }
  }

  /**
   * Before there is a connection, and a handshake over it, no byte of a request is sent. But the
   * connection may be the second one, after the first broke.
   */
  private static boolean foundNoConnection(Throwable cause) {
    return cause instanceof ConnectException
        || cause instanceof HttpConnectTimeoutException
        || cause instanceof UnresolvedAddressException
        || cause instanceof SSLHandshakeException;
  }

  /** Thrown when a request got no answer that could be read. */
  public static final class NoAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean neverSent;

    NoAnswerException(String message, boolean neverSent) {
      super(message);
      this.neverSent = neverSent;
    }

    /** Returns whether no byte of the request has left this machine, for certain. */
    public boolean neverSent() {
      return neverSent;
    }
  }
}
