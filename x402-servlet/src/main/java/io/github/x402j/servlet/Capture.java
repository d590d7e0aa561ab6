// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a handler whose output is held back, from the first dispatch to the end of the last
 * asynchronous one.
 *
 * <p>{@link #run} starts it. When the handler is done, {@link Completion#completed} is called
 * exactly once: after the chain for a synchronous handler; when it calls {@code complete()} for an
 * asynchronous one, on the thread that does so, before the container is told. An ASYNC dispatch has
 * to be handed to {@link #resume}. What the handler throws is given to the completion, and goes no
 * further.
 */
final class Capture {
  /** What to do when the handler is done. */
  interface Completion {
    /**
     * Decides what the client sees: {@code captured.commitTo(real)}, or something else written to
     * the real response. What is not delivered when this returns is thrown away.
     *
     * @param request the request that {@link Capture#run} was called with
     * @param failure what the handler threw, that it timed out, or that it wrote too much; null if
     *     it ended well. An error status is no failure here
     */
    void completed(
        HttpServletRequest request, BufferedResponse captured, @Nullable Throwable failure)
        throws IOException;
  }

  private enum Phase {
    HANDLING,
    COMPLETING,
    DONE
  }

  /** Only objects of this package-private class count: an attribute of this name forges nothing. */
  private static final String ATTRIBUTE = Capture.class.getName();

  private final HttpServletRequest outerRequest;
  private final HttpServletResponse real;
  private final Completion completion;
  private final CapturedRequest request;
  private final BufferedResponse response;
  private final boolean wasAsyncBefore;
  private final WriteNotice writeNotice = new WriteNotice(this);

  private Phase phase = Phase.HANDLING;
  private @Nullable Thread completing;
  private @Nullable Thread inReadCallback;
  private @Nullable HeldAsyncContext async;
  private @Nullable Throwable noted;

  private Capture(
      HttpServletRequest outerRequest,
      HttpServletResponse real,
      CaptureLimits limits,
      Completion completion) {
    this.outerRequest = outerRequest;
    this.real = real;
    this.completion = completion;
    this.request = new CapturedRequest(outerRequest, this);
    this.response =
        BufferedResponse.over(
            outerRequest, real, limits, writeNotice::register, request::endNewSession);
    this.wasAsyncBefore = outerRequest.isAsyncStarted();
  }

  /** Runs the rest of the chain with its output held, and then, or later, the completion. */
  static void run(
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain,
      CaptureLimits limits,
      Completion completion)
      throws IOException {
    Capture capture = new Capture(request, response, limits, completion);
    request.setAttribute(ATTRIBUTE, capture);
    capture.handle(chain, capture.request, capture.response);
  }

  /**
   * Returns the run that {@code request} is part of, or null. It is found in every dispatch, also
   * in one to an error page after the completion was called.
   */
  static @Nullable Capture of(ServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      if (wrapper instanceof CapturedRequest captured) {
        return captured.capture();
      }
      inner = wrapper.getRequest();
    }
    return request.getAttribute(ATTRIBUTE) instanceof Capture capture ? capture : null;
  }

  /** Runs an ASYNC dispatch of this run; the completion is the one that {@link #run} was given. */
  void resume(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException {
    if (!BufferedResponse.holds(response)) {
      throw new IllegalStateException(
          "an asynchronous dispatch of a paid handler lost its response");
    }
    synchronized (this) {
      async = null;
    }
    handle(chain, request, response);
  }

  /** Returns what {@link #run} was given. */
  Completion completion() {
    return completion;
  }

  /** Tells whether the completion has been called. */
  synchronized boolean isComplete() {
    return phase != Phase.HANDLING;
  }

  private void handle(FilterChain chain, ServletRequest request, ServletResponse response)
      throws IOException {
    writeNotice.dispatchBegins();
    Throwable failure = null;
    try {
      chain.doFilter(request, response);
    } catch (Throwable thrown) {
      // Not swallowed: the completion decides what the client gets to see of it.
      failure = thrown;
    }
    writeNotice.dispatchEnds();
    HeldAsyncContext started = async();
    if (started == null) {
      endSynchronously(failure);
    } else if (failure != null) {
      started.end(failure);
    } else {
      writeNotice.callListener(started);
    }
  }

  private void endSynchronously(@Nullable Throwable failure) throws IOException {
    boolean startedAround = !wasAsyncBefore && outerRequest.isAsyncStarted();
    if (!startedAround) {
      finish(failure);
      return;
    }
    try {
      finish(new IllegalStateException("the handler went asynchronous on an unwrapped request"));
    } finally {
      outerRequest.getAsyncContext().complete();
    }
  }

  /** Calls the completion, unless that was done before. */
  void finish(@Nullable Throwable failure) throws IOException {
    Throwable reason;
    synchronized (this) {
      if (phase != Phase.HANDLING) {
        return;
      }
      phase = Phase.COMPLETING;
      completing = Thread.currentThread();
      reason = noted != null ? noted : failure;
    }
    try {
      response.seal();
      Throwable unsendable =
          response.overflow() != null ? response.overflow() : response.takeTrailers();
      completion.completed(outerRequest, response, reason != null ? reason : unsendable);
    } finally {
      synchronized (this) {
        phase = Phase.DONE;
        completing = null;
        notifyAll();
      }
      response.release();
    }
  }

  /** Waits while another thread is in the completion, at most {@code seconds}. */
  synchronized void awaitCompletion(int seconds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (phase == Phase.COMPLETING && completing != Thread.currentThread()) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        return;
      }
      wait(left);
    }
  }

  /** Makes the run a failure, however it ends; the first reason stays. */
  synchronized void note(Throwable failure) {
    if (noted == null) {
      noted = failure;
    }
  }

  /** Answers 500 if the completion broke off before it had sent anything. */
  void failClosed() {
    if (!real.isCommitted()) {
      real.reset();
      real.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
    }
  }

  CapturedRequest request() {
    return request;
  }

  BufferedResponse response() {
    return response;
  }

  // ---- asynchronous processing

  AsyncContext startAsync(AsyncContext started) {
    HeldAsyncContext held = new HeldAsyncContext(this, started);
    synchronized (this) {
      async = held;
    }
    return held;
  }

  synchronized @Nullable HeldAsyncContext async() {
    return async;
  }

  /**
   * Notes the thread that is in a read callback, null for none, and returns what was noted before.
   */
  synchronized @Nullable Thread enterReadCallback(@Nullable Thread thread) {
    Thread before = inReadCallback;
    inReadCallback = thread;
    return before;
  }

  synchronized boolean isInReadCallback() {
    return inReadCallback == Thread.currentThread();
  }
}
