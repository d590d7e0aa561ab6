// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a handler whose output is held back, from the first dispatch to the end of the last
 * asynchronous one.
 *
 * <p>{@link #start} starts it. When the handler is done, {@link Completion#completed} is called
 * exactly once. For a synchronous handler that is after the filter chain has returned. For an
 * asynchronous one it is when the handler calls {@code complete()}: on the same thread, after the
 * handler's listeners, and before the container's own {@code complete()}; a call within a dispatch
 * takes effect when the dispatch has returned, as in a container. An ASYNC dispatch has to be
 * passed to {@link #resume}. What the handler throws goes to the completion, which may leave it to
 * the container.
 */
public final class HeldRun {
  private static final Logger log = LoggerFactory.getLogger(HeldRun.class);

  /** Decides what happens when the handler is done. */
  public interface Completion {
    /**
     * Sends an answer: {@code end.held().commitTo(end.response())}, or something else to that
     * response. If the held response was not delivered when this returns, it is discarded, unless
     * {@link HeldRun#answerWhen} was called.
     *
     * @return whether the run is answered, or will be; false leaves {@code end.failure()} to the
     *     container, as if the handler had met it directly
     */
    boolean completed(End end) throws IOException;
  }

  /** Sends an answer, as {@link Completion#completed} does. */
  public interface Answer {
    /** Sends it. */
    void send() throws IOException;
  }

  /**
   * How a handler ended.
   *
   * @param request the request that {@link HeldRun#start} was called with
   * @param response the real response, as it came with the last dispatch
   * @param held what the handler has sent
   * @param failure why the handler failed: what it threw, a timeout, or too much output; null if it
   *     ended well. An error status is not a failure here
   * @param inDispatch whether a dispatch of the container has yet to return
   * @param run the run that has ended
   */
  public record End(
      HttpServletRequest request,
      HttpServletResponse response,
      HeldResponse held,
      @Nullable Throwable failure,
      boolean inDispatch,
      HeldRun run) {}

  private enum Phase {
    HANDLING,
    COMPLETING,
    DONE
  }

  /** Only a HeldRun counts, which only {@link #start} makes: another value forges nothing. */
  private static final String ATTRIBUTE = HeldRun.class.getName();

  private final HttpServletRequest outerRequest;
  private final Completion completion;
  private final HeldRequest request;
  private final HeldResponse response;
  private final boolean wasAsyncBefore;
  private final WriteNotification writing = new WriteNotification();

  private volatile HttpServletResponse real;
  private volatile int statusBefore;
  private volatile boolean leftToContainer;
  private boolean inDispatch;
  private Phase phase = Phase.HANDLING;
  private @Nullable Thread completing;
  private @Nullable Thread inReadCallback;
  private @Nullable HeldAsyncContext async;
  private @Nullable HeldAsyncContext dispatchedBy;
  private @Nullable Throwable noted;
  private volatile @Nullable LaterAnswer later;

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
    this.statusBefore = real.getStatus();
  }

  /**
   * Runs the rest of the chain with its output held, and then, or later, the completion.
   *
   * @return what the completion leaves to the container, and the caller has to throw; null if it
   *     answered, or has not been called yet
   */
  public static @Nullable Throwable start(
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain,
      HeldLimits limits,
      Completion completion)
      throws IOException {
    HeldRun run = begin(request, response, limits, completion);
    return run.handle(chain, run.request, run.response);
  }

  /**
   * Begins a run in the middle of a dispatch. From now on its handler has to use {@link #request}
   * and {@link #response}, and when the dispatch ends, {@link #returned} has to be called.
   */
  public static HeldRun begin(
      HttpServletRequest request,
      HttpServletResponse response,
      HeldLimits limits,
      Completion completion) {
    HeldRun run = new HeldRun(request, response, limits, completion);
    request.setAttribute(ATTRIBUTE, run);
    run.enterDispatch();
    return run;
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
   * Runs an ASYNC dispatch of this run, with the request and response that the handler started it
   * with; the completion is the one that {@link #start} was given.
   *
   * @param outer the request of this dispatch, as it comes from the filters in front
   * @param response the same of the response
   * @return as {@link #start}
   */
  public @Nullable Throwable resume(
      HttpServletRequest outer, HttpServletResponse response, FilterChain chain)
      throws IOException {
    HeldAsyncContext last;
    synchronized (this) {
      last = async;
      async = null;
      dispatchedBy = last;
      real = response;
    }
    statusBefore = response.getStatus();
    if (last == null) {
      throw new IllegalStateException("an asynchronous dispatch of a paid handler lost its start");
    }
    last.containerResponse().open();
    request.setRequest(outer);
    this.response.moveTo(response);
    return handle(chain, last.getRequest(), last.getResponse());
  }

  /** What is within a dispatch to another resource. */
  public interface Part {
    /** Runs it. */
    void run() throws IOException, ServletException;
  }

  /** Runs what is included in the held response: it cannot change the head, as in a container. */
  public void include(Part part) throws IOException, ServletException {
    response.include(part);
  }

  /**
   * Drops what was written before a forward. Containers do so as well, but some only in a response
   * of their own.
   *
   * @throws IllegalStateException if the handler has flushed
   */
  public void forwarded() {
    response.resetBuffer();
  }

  /** Returns whether the completion has been called. */
  public synchronized boolean isComplete() {
    return phase != Phase.HANDLING;
  }

  private @Nullable Throwable handle(
      FilterChain chain, ServletRequest request, ServletResponse response) throws IOException {
    enterDispatch();
    Throwable failure = null;
    try {
      chain.doFilter(request, response);
    } catch (Throwable thrown) {
      // Not swallowed: the completion decides what the client gets to see of it.
      failure = thrown;
    }
    return returned(failure);
  }

  private void enterDispatch() {
    synchronized (this) {
      inDispatch = true;
    }
    writing.dispatchBegins();
  }

  /**
   * Ends the dispatch that is under way, and the run unless its handler is asynchronous.
   *
   * @param failure what the handler threw, null if it returned
   * @return as {@link #start}
   */
  public @Nullable Throwable returned(@Nullable Throwable failure) throws IOException {
    writing.dispatchEnds();
    HeldAsyncContext started = async();
    if (started != null && failure == null) {
      writing.callListener(started);
    }
    boolean isDue = dispatchEnded(started);
    Throwable left = null;
    if (started == null) {
      left = endSynchronously(failure);
    } else if (failure != null || isDue) {
      left = started.end(failure, true);
    }
    letAnswer();
    return left;
  }

  /** Lets what is to be answered later be answered: nothing here looks at the response any more. */
  void letAnswer() {
    LaterAnswer waiting = later;
    if (waiting != null) {
      waiting.letGo();
    }
  }

  /** Returns whether the handler called {@code complete()} within the dispatch. */
  private synchronized boolean dispatchEnded(@Nullable HeldAsyncContext started) {
    inDispatch = false;
    return started != null && started.isCompletionDue();
  }

  /** Returns whether {@code complete()} has to wait for the end of a dispatch. */
  synchronized boolean isInDispatch() {
    return inDispatch;
  }

  private @Nullable Throwable endSynchronously(@Nullable Throwable failure) throws IOException {
    boolean startedAround = !wasAsyncBefore && outerRequest.isAsyncStarted();
    if (!startedAround) {
      HeldAsyncContext dispatching = dispatchedBy;
      if (dispatching != null && failure == null) {
        dispatching.tellListeners(); // the container calls them when the response is still open
      }
      return finish(failure, true);
    }
    try {
      finish(
          new IllegalStateException("the handler went asynchronous on an unwrapped request"), true);
    } finally {
      outerRequest.getAsyncContext().complete();
    }
    return null;
  }

  /**
   * Calls the completion, unless that was done before.
   *
   * @return what goes on to the container, null if the run is answered
   */
  @Nullable Throwable finish(@Nullable Throwable failure, boolean inDispatch) throws IOException {
    Throwable reason;
    synchronized (this) {
      if (phase != Phase.HANDLING) {
        return null;
      }
      phase = Phase.COMPLETING;
      completing = Thread.currentThread();
      reason = noted != null ? noted : failure;
    }
    try {
      response.seal();
      if (reason == null) {
        reason = unsendable();
      }
      End end = new End(outerRequest, real, response, reason, inDispatch, this);
      leftToContainer = !completion.completed(end);
      return leftToContainer ? reason : null;
    } catch (RuntimeException | Error e) {
      failClosed(); // a container may end an asynchronous request without a look at this
      throw e;
    } finally {
      if (later == null) {
        isAnswered();
      } else {
        synchronized (this) {
          completing = null;
        }
      }
    }
  }

  private void isAnswered() throws IOException {
    synchronized (this) {
      phase = Phase.DONE;
      completing = null;
      notifyAll();
    }
    response.release();
  }

  /** Returns whether the container answers; the request must not be ended here then. */
  boolean isLeftToContainer() {
    return leftToContainer;
  }

  /** Returns why the response cannot be sent, null if it can. */
  private @Nullable Throwable unsendable() {
    int now = real.getStatus();
    if (now != statusBefore && !real.isCommitted()) { // Undertow answers some failures like this
      if (now < HttpServletResponse.SC_BAD_REQUEST) {
        return new IllegalStateException("status " + now + " was set around the payment filter");
      }
      response.takeStatus(now);
    }
    return response.overflow() != null ? response.overflow() : response.takeTrailers();
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
  public synchronized void note(Throwable failure) {
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

  /** Returns the request for the handler. */
  public HttpServletRequest request() {
    return request;
  }

  /** Returns the response for the handler, which is held. */
  public HttpServletResponse response() {
    return response;
  }

  // ---- answering later

  /**
   * Returns whether the completion may call {@link #answerWhen}: the request is asynchronous, or
   * can become so without a filter in front having to know. One that has wrapped the response may
   * count on having all of it when the filters return.
   */
  public boolean canAnswerLater() {
    if (async() != null) {
      return true;
    }
    DispatcherType type = outerRequest.getDispatcherType();
    return (type == DispatcherType.REQUEST || type == DispatcherType.ASYNC)
        && outerRequest.isAsyncSupported()
        && !outerRequest.isAsyncStarted()
        && !ContainerResponse.isWrapped(real);
  }

  /**
   * Sends the answer in a thread of the container when {@code known} is complete, and keeps no
   * thread until then. Call it within {@link Completion#completed}, if {@link #canAnswerLater}.
   *
   * @param gone what to do if the client is gone, or the container ends the request before
   * @throws IllegalStateException if the container does not make the request asynchronous now
   */
  public void answerWhen(CompletionStage<?> known, Answer answer, Runnable gone) {
    HeldAsyncContext handlers = async();
    LaterAnswer waiting =
        handlers != null
            ? new LaterAnswer(this, handlers.container(), answer, gone, handlers::endLater)
            : LaterAnswer.starting(this, request.getRequest(), real, answer, gone);
    later = waiting;
    waiting.await(known);
  }

  /**
   * Sends what was to be answered later.
   *
   * @param isGone whether the container uses the response for something else by now
   */
  void answer(Answer answer, boolean isGone) {
    synchronized (this) {
      completing = Thread.currentThread();
    }
    try {
      answer.send();
    } catch (IOException e) {
      log.debug("the client of a paid request is gone", e);
      failUnless(isGone);
    } catch (RuntimeException | Error e) {
      log.error("the completion of a paid request failed", e);
      failUnless(isGone);
    } finally {
      try {
        isAnswered();
      } catch (IOException e) {
        log.warn("a held response was not released", e);
      }
    }
  }

  private void failUnless(boolean isGone) {
    if (!isGone) {
      failClosed();
    }
  }

  boolean isAnsweredLater() {
    return later != null;
  }

  // ---- asynchronous processing

  /**
   * Starts with the outer request, and with a response that leads to the outer one: a later
   * dispatch passes the filters in front again, which look for what they had put around it.
   *
   * @param handlers the request of the handler, which it meets again in the next dispatch
   */
  AsyncContext startAsync(ServletRequest handlers, ServletResponse handlersResponse) {
    ContainerResponse outer = new ContainerResponse(real);
    AsyncContext started = request.getRequest().startAsync(request.getRequest(), outer);
    HeldAsyncContext held = new HeldAsyncContext(this, started, outer, handlers, handlersResponse);
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
