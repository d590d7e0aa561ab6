// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One run of a handler whose output is held back, from the first dispatch to the end of the last
 * asynchronous one.
 *
 * <p>{@link #start} starts it. When the handler is done, {@link Completion#completed} is called
 * exactly once. For a synchronous handler that is after the filter chain has returned. For an
 * asynchronous one it is when the handler calls {@code complete()}: on the same thread, and before
 * the container's own {@code complete()}. An ASYNC dispatch has to be passed to {@link #resume}.
 * What the handler throws goes to the completion only.
 */
public final class HeldRun {
  /** Decides what happens when the handler is done. */
  public interface Completion {
    /**
     * Sends an answer: {@code held.commitTo(real)}, or something else to the real response. If the
     * held response was not delivered when this returns, it is discarded.
     *
     * @param request the request that {@link HeldRun#start} was called with
     * @param failure why the handler failed: what it threw, a timeout, or too much output; null if
     *     it ended well. An error status is not a failure here
     */
    void completed(HttpServletRequest request, HeldResponse held, @Nullable Throwable failure)
        throws IOException;
  }

  private enum Phase {
    HANDLING,
    COMPLETING,
    DONE
  }

  /** Only a HeldRun counts, which only {@link #start} makes: another value forges nothing. */
  private static final String ATTRIBUTE = HeldRun.class.getName();

  private final HttpServletRequest outerRequest;
  private final HttpServletResponse real;
  private final Completion completion;
  private final HeldRequest request;
  private final HeldResponse response;
  private final boolean wasAsyncBefore;
  private final WriteNotification writing = new WriteNotification();

  private Phase phase = Phase.HANDLING;
  private @Nullable Thread completing;
  private @Nullable Thread inReadCallback;
  private @Nullable HeldAsyncContext async;
  private @Nullable Throwable noted;

  private HeldRun(
      HttpServletRequest outerRequest,
      HttpServletResponse real,
      HeldLimits limits,
      Completion completion) {
    this.outerRequest = outerRequest;
    this.real = real;
    this.completion = completion;
    this.request = new HeldRequest(outerRequest, this);
    this.response =
        HeldResponse.over(outerRequest, real, limits, writing::register, request::endNewSession);
    this.wasAsyncBefore = outerRequest.isAsyncStarted();
  }

  /** Runs the rest of the chain with its output held, and then, or later, the completion. */
  public static void start(
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain,
      HeldLimits limits,
      Completion completion)
      throws IOException {
    HeldRun run = new HeldRun(request, response, limits, completion);
    request.setAttribute(ATTRIBUTE, run);
    run.handle(chain, run.request, run.response);
  }

  /**
   * Returns the run that {@code request} is part of, or null. It is found in every dispatch, even
   * in one to an error page after the completion.
   */
  public static @Nullable HeldRun of(ServletRequest request) {
    ServletRequest inner = request;
    while (inner instanceof ServletRequestWrapper wrapper) {
      if (wrapper instanceof HeldRequest held) {
        return held.run();
      }
      inner = wrapper.getRequest();
    }
    return request.getAttribute(ATTRIBUTE) instanceof HeldRun run ? run : null;
  }

  /**
   * Runs an ASYNC dispatch of this run; the completion is the one that {@link #start} was given.
   */
  public void resume(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException {
    if (!HeldResponse.holds(response)) {
      throw new IllegalStateException(
          "an asynchronous dispatch of a paid handler lost its response");
    }
    synchronized (this) {
      async = null;
    }
    handle(chain, request, response);
  }

  /** Returns whether the completion has been called. */
  public synchronized boolean isComplete() {
    return phase != Phase.HANDLING;
  }

  private void handle(FilterChain chain, ServletRequest request, ServletResponse response)
      throws IOException {
    writing.dispatchBegins();
    Throwable failure = null;
    try {
      chain.doFilter(request, response);
    } catch (Throwable thrown) {
      // Not swallowed: the completion decides what the client gets to see of it.
      failure = thrown;
    }
    writing.dispatchEnds();
    HeldAsyncContext started = async();
    if (started == null) {
      endSynchronously(failure);
    } else if (failure != null) {
      started.end(failure);
    } else {
      writing.callListener(started);
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

  /** Makes the run fail, however it ends. The first reason stays. */
  synchronized void note(Throwable failure) {
    if (noted == null) {
      noted = failure;
    }
  }

  /** Answers 500 if the completion threw before it had sent anything. */
  void failClosed() {
    if (!real.isCommitted()) {
      real.reset();
      real.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
    }
  }

  HeldRequest request() {
    return request;
  }

  HeldResponse response() {
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

  /**
   * Calls the write listener of a handler that writes without blocking, once. That is enough: a
   * held response is always ready, because no network is behind it.
   */
  private final class WriteNotification {
    private boolean inDispatch;
    private @Nullable WriteListener listener;

    synchronized void dispatchBegins() {
      inDispatch = true;
    }

    synchronized void dispatchEnds() {
      inDispatch = false;
    }

    /** Registers the listener. During a dispatch, it is called when the dispatch has ended. */
    void register(WriteListener newListener) {
      HeldAsyncContext started = async();
      if (started == null) {
        throw new IllegalStateException("setWriteListener() without startAsync()");
      }
      synchronized (this) {
        if (listener != null) {
          throw new IllegalStateException("setWriteListener() was called before");
        }
        listener = newListener;
        if (inDispatch) {
          return;
        }
      }
      started.start(() -> callListener(started));
    }

    void callListener(HeldAsyncContext started) {
      WriteListener handlers;
      synchronized (this) {
        handlers = listener;
      }
      if (handlers == null || !started.claimWriteNotification()) {
        return;
      }
      try {
        handlers.onWritePossible();
      } catch (Throwable thrown) {
        note(thrown);
        handlers.onError(thrown);
      }
    }
  }
}
