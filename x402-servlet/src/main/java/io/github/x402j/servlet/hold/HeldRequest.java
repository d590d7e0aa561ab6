// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
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
 * The request of a handler whose output is held. Every way from it to a response leads to the held
 * one.
 */
final class HeldRequest extends HttpServletRequestWrapper {
  /** Tomcat sends the file that these attributes name when the response is committed. */
  private static final String SENDFILE = "org.apache.tomcat.sendfile.";

  private final HeldRun run;
  private @Nullable Input input;
  private @Nullable HttpSession newSession;

  HeldRequest(HttpServletRequest request, HeldRun run) {
    super(request);
    this.run = run;
  }

  HeldRun run() {
    return run;
  }

  /** Starts with the held response; a container would take the real one. */
  @Override
  public AsyncContext startAsync() {
    return run.startAsync(this, run.response());
  }

  @Override
  public AsyncContext startAsync(ServletRequest request, ServletResponse response) {
    if (!isHeld(request) || !HeldResponse.holds(response)) {
      throw new IllegalArgumentException(
          "startAsync: expected the request and response of the paid handler, or wrappers of them");
    }
    return run.startAsync(request, response);
  }

  private static boolean isHeld(ServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      if (wrapper instanceof HeldRequest) {
        return true;
      }
      inner = wrapper.getRequest();
    }
    return false;
  }

  @Override
  public AsyncContext getAsyncContext() {
    AsyncContext started = run.async();
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

  /** Ends the session that the handler began, if any, and returns whether there was one. */
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

  /** Always fails: the output of an upgraded connection cannot be held. */
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
      input = new Input(stream, run);
    }
    return input;
  }

  /**
   * The input of a held handler. It notes when a {@link ReadListener} is being called: Undertow
   * does so on a network thread, which must not wait for a settlement.
   */
  private static final class Input extends ServletInputStream {
    private final ServletInputStream stream;
    private final HeldRun run;

    Input(ServletInputStream stream, HeldRun run) {
      this.stream = stream;
      this.run = run;
    }

    boolean isOver(ServletInputStream other) {
      return stream == other;
    }

    @Override
    public int read() throws IOException {
      return stream.read();
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return stream.read(bytes, offset, length);
    }

    @Override
    public long skip(long n) throws IOException {
      return stream.skip(n);
    }

    @Override
    public int available() throws IOException {
      return stream.available();
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }

    @Override
    public boolean isFinished() {
      return stream.isFinished();
    }

    @Override
    public boolean isReady() {
      return stream.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
      stream.setReadListener(new Listener(listener));
    }

    private interface Call {
      void run() throws IOException;
    }

    private final class Listener implements ReadListener {
      private final ReadListener handlers;

      Listener(ReadListener handlers) {
        this.handlers = handlers;
      }

      @Override
      public void onDataAvailable() throws IOException {
        call(handlers::onDataAvailable);
      }

      @Override
      public void onAllDataRead() throws IOException {
        call(handlers::onAllDataRead);
      }

      @Override
      public void onError(Throwable failure) {
        run.note(failure);
        handlers.onError(failure);
      }

      private void call(Call callback) throws IOException {
        Thread outer = run.enterReadCallback(Thread.currentThread());
        try {
          callback.run();
        } finally {
          run.enterReadCallback(outer);
        }
      }
    }
  }
}
