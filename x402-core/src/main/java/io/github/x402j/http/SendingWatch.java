// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.http;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The body of a request that knows whether the request's headers may have been written to a
 * connection.
 *
 * <p>An exception does not tell. The JDK's client repeats a request by itself when a connection
 * breaks before the answer, and then reports that the second connection was refused. But it cannot
 * write the headers before it has asked the body for its length, and it asks only when it has a
 * connection. Safe for use by several threads.
 */
public final class SendingWatch implements BodyPublisher {
  /** The JDK's client. Another one may write headers without asking for the length. */
  private static final String JDK_PACKAGE = "jdk.internal.net.http.";

  private final BodyPublisher body;
  private final AtomicInteger lengthAsked = new AtomicInteger();

  private SendingWatch(BodyPublisher body) {
    this.body = body;
  }

  /** Returns a watched body that sends what this one sends. */
  public static SendingWatch of(BodyPublisher body) {
    return new SendingWatch(body);
  }

  /** Returns a watched body that sends what the request sends, which may be nothing. */
  public static SendingWatch of(HttpRequest request) {
    return new SendingWatch(request.bodyPublisher().orElseGet(BodyPublishers::noBody));
  }

  /** Returns whether a request with this body may have left over the client. */
  public boolean mayHaveLeft(HttpClient client) {
    return mayHaveLeft() || !isOfTheJdk(client);
  }

  /** Returns whether the client is the JDK's own, and not one around it. */
  public static boolean isOfTheJdk(HttpClient client) {
    return client.getClass().getName().startsWith(JDK_PACKAGE);
  }

  /** Returns whether a request with this body may have left over the JDK's client. */
  public boolean mayHaveLeft() {
    return timesSent() > 0;
  }

  /**
   * Returns how often a request with this body may have left over the JDK's client, which asks for
   * the length once each time.
   */
  public int timesSent() {
    return lengthAsked.get();
  }

  @Override
  public long contentLength() {
    lengthAsked.incrementAndGet();
    return body.contentLength();
  }

  @Override
  public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
    body.subscribe(subscriber);
  }
}
