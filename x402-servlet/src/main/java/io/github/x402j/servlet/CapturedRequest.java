// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.PushBuilder;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The request of a handler whose output is held: what leads from a request to its response, leads
 * to the held one.
 */
final class CapturedRequest extends HttpServletRequestWrapper {
  /** Tomcat sends the file that these attributes name when the response is committed. */
  private static final String SENDFILE = "org.apache.tomcat.sendfile.";

  private final Capture capture;
  private @Nullable CapturedInputStream input;
  private @Nullable HttpSession newSession;

  CapturedRequest(HttpServletRequest request, Capture capture) {
    super(request);
    this.capture = capture;
  }

  Capture capture() {
    return capture;
  }

  /** Starts with the held response; a container would take the real one. */
  @Override
  public AsyncContext startAsync() {
    return capture.startAsync(super.startAsync(this, capture.response()));
  }

  @Override
  public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
    if (!isCaptured(request) || !BufferedResponse.holds(response)) {
      throw new IllegalArgumentException(
          "startAsync: expected the request and response of the paid handler, or wrappers of them");
    }
    return capture.startAsync(super.startAsync(request, response));
  }

  private static boolean isCaptured(ServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      if (wrapper instanceof CapturedRequest) {
        return true;
      }
      inner = wrapper.getRequest();
    }
    return false;
  }

  @Override
  public AsyncContext getAsyncContext() {
    AsyncContext started = capture.async();
    if (started == null) {
      throw new IllegalStateException("getAsyncContext() without startAsync()");
    }
    return started;
  }

  @Override
  public @Nullable HttpSession getSession() {
    return getSession(true);
  }

  /** Notes a new session: the container has put its cookie into the real response by then. */
  @Override
  public @Nullable HttpSession getSession(boolean create) {
    HttpSession existing = super.getSession(false);
    if (existing != null || !create) {
      return existing;
    }
    HttpSession created = super.getSession(true);
    synchronized (this) {
      newSession = created;
    }
    return created;
  }

  /** Ends the session that the handler began, if any, and tells whether there was one. */
  boolean endNewSession() {
    HttpSession session;
    synchronized (this) {
      session = newSession;
      newSession = null;
    }
    if (session == null) {
      return false;
    }
    try {
      session.invalidate();
    } catch (IllegalStateException endedByHandler) {
      // Its cookie is in the response all the same.
    }
    return true;
  }

  /** Says that the container sends no files by itself: what it sends is not held. */
  @Override
  public @Nullable Object getAttribute(String name) {
    return name.startsWith(SENDFILE) ? null : super.getAttribute(name);
  }

  /**
   * @throws IllegalArgumentException if the container would be told to send a file by itself
   */
  @Override
  public void setAttribute(String name, @Nullable Object value) {
    if (name.startsWith(SENDFILE)) {
      throw new IllegalArgumentException(
          name + ": a paid handler's file is held like any output; write it to the stream");
    }
    super.setAttribute(name, value);
  }

  /** Refused: an upgraded connection carries output that nobody can hold back. */
  @Override
  public <T extends HttpUpgradeHandler> T upgrade(Class<T> handlerClass) throws ServletException {
    throw new ServletException(
        "a paid handler cannot upgrade its connection unless the payment is settled first");
  }

  /** Returns null, which means that there is no push: a pushed response would not be held. */
  @Override
  public @Nullable PushBuilder newPushBuilder() {
    return null;
  }

  @Override
  public synchronized ServletInputStream getInputStream() throws IOException {
    ServletInputStream stream = super.getInputStream();
    if (input == null || !input.isOver(stream)) {
      input = new CapturedInputStream(stream, capture);
    }
    return input;
  }
}
