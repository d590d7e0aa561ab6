// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.http.SendingWatch;
import java.lang.reflect.InvocationTargetException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import org.jspecify.annotations.Nullable;

/**
 * The client for requests with a payment. It follows no redirect, as that would take the payment
 * along to any host. If the JDK's client that was wrapped follows redirects, it is one with the
 * same settings, which is made when it is first needed: it has a thread of its own. Safe for use by
 * several threads.
 */
final class UnredirectedClient {
  private final HttpClient client;
  private @Nullable HttpClient twin;

  private UnredirectedClient(HttpClient client) {
    this.client = client;
  }

  /**
   * Returns the one beside a client.
   *
   * @param given by the caller for this, null if none was
   * @throws IllegalArgumentException if the given one follows redirects
   * @throws IllegalStateException if none was given, and none with the same behaviour can be made
   */
  static UnredirectedClient beside(HttpClient wrapped, @Nullable HttpClient given) {
    if (given != null && given.followRedirects() != Redirect.NEVER) {
      throw new IllegalArgumentException(
          "paidRequestsOver: expected a client that follows no redirects");
    }
    if (given == null
        && wrapped.followRedirects() != Redirect.NEVER
        && !SendingWatch.isOfTheJdk(wrapped)) {
      throw new IllegalStateException(
          "paidRequestsOver: missing; "
              + wrapped.getClass().getName()
              + " follows redirects, which would take a payment along. Let it follow none, or name"
              + " a client for requests with a payment that follows none");
    }
    return new UnredirectedClient(given == null ? wrapped : given);
  }

  synchronized HttpClient get() {
    if (client.followRedirects() == Redirect.NEVER) {
      return client;
    }
    HttpClient made = twin;
    if (made == null) {
      made = twinOf(client);
      twin = made;
    }
    return made;
  }

  /** Ends the client that was made here, if there is one, when its last request has ended. */
  void close() {
    HttpClient made;
    synchronized (this) {
      made = twin;
      twin = null;
    }
    if (made != null) {
      shutdown(made);
    }
  }

  /** Before Java 21 a client ends when nothing refers to it. */
  private static void shutdown(HttpClient made) {
    try {
      HttpClient.class.getMethod("shutdown").invoke(made);
    } catch (NoSuchMethodException e) {
      return;
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("HttpClient.shutdown", e);
    }
  }

  /** Returns a client with the same settings that follows no redirect. */
  private static HttpClient twinOf(HttpClient client) {
    HttpClient.Builder twin =
        HttpClient.newBuilder()
            .followRedirects(Redirect.NEVER)
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
