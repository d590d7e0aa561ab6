// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

/**
 * The request of a handler whose payment is settled: {@code startAsync()} keeps the {@link
 * StreamedResponse}, and is listened to from the start, so that no end of it is missed.
 */
final class StreamedRequest extends HttpServletRequestWrapper {
  private final StreamedResponse response;
  private final AsyncListener end;
  private volatile boolean async;

  StreamedRequest(HttpServletRequest request, StreamedResponse response, AsyncListener end) {
    super(request);
    this.response = response;
    this.end = end;
  }

  StreamedResponse response() {
    return response;
  }

  /** Tells whether the handler has ever gone asynchronous: its end comes by the listener then. */
  boolean wentAsync() {
    return async;
  }

  @Override
  public AsyncContext startAsync() {
    return startAsync(this, response);
  }

  @Override
  public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
    AsyncContext started = super.startAsync(request, response);
    if (!async) { // from a later dispatch the listener itself goes along
      started.addListener(end);
    }
    async = true;
    return started;
  }
}
