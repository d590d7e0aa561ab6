// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The asynchronous context that a held handler sees. {@code complete()} calls the listeners of the
 * handler, which may still write, then runs the completion of the {@link HeldRun}, and tells the
 * container afterwards.
 *
 * <p>The container knows one listener only, the one here; those of the handler are called by it. So
 * none of them meets the container's own context. A timeout that no listener ends by {@code
 * complete()} or {@code dispatch()} is a failure.
 */
final class HeldAsyncContext implements AsyncContext {
  private static final Logger log = LoggerFactory.getLogger(HeldRun.class);

  /** How long a timed-out request waits for a completion that has begun; settlement is shorter. */
  private static final int COMPLETION_SECONDS = 120;

  private record Registered(
      AsyncListener listener,
      @Nullable ServletRequest request,
      @Nullable ServletResponse response) {}

  private final HeldRun run;
  private final AsyncContext container;
  private final ContainerResponse containerResponse;
  private final ServletRequest request;
  private final ServletResponse response;
  private final List<Registered> listeners = new CopyOnWriteArrayList<>();
  private boolean ended;
  private boolean completionDue;
  private boolean listenersTold;
  private boolean containerWaits;
  private boolean containerTold;
  private boolean writerNotified;

  HeldAsyncContext(
      HeldRun run,
      AsyncContext container,
      ContainerResponse containerResponse,
      ServletRequest request,
      ServletResponse response) {
    this.run = run;
    this.container = container;
    this.containerResponse = containerResponse;
    this.request = request;
    this.response = response;
    container.addListener(new ContainerListener());
  }

  ContainerResponse containerResponse() {
    return containerResponse;
  }

  /** Returns whether {@code complete()} was called and waits for the end of the dispatch. */
  synchronized boolean isCompletionDue() {
    return completionDue;
  }

  /** Returns true to the first caller. */
  synchronized boolean claimWriteNotification() {
    boolean first = !writerNotified;
    writerNotified = true;
    return first;
  }

  @Override
  public void complete() {
    claimEnd("complete()");
    synchronized (run) { // a dispatch that ends now sees that a completion is due
      if (run.isInDispatch()) {
        synchronized (this) {
          completionDue = true;
        }
        return;
      }
    }
    if (run.isInReadCallback()) {
      container.start(() -> end(null, false));
    } else {
      end(null, false);
    }
  }

  private void claimEnd(String call) {
    boolean isComplete = run.isComplete(); // outside the lock here: the run's is taken first
    synchronized (this) {
      if (ended || isComplete) {
        throw new IllegalStateException(call + " after the asynchronous request has ended");
      }
      ended = true;
    }
  }

  /**
   * Runs the completion, then completes the container's context; both at most once.
   *
   * @return what goes on to the container, which then ends the request itself
   */
  @Nullable Throwable end(@Nullable Throwable failure, boolean inDispatch) {
    tellListeners();
    Throwable left = null;
    try {
      left = run.finish(failure, inDispatch);
    } catch (IOException e) {
      log.debug("the client of a paid request is gone", e);
      run.failClosed();
    } catch (RuntimeException
        | Error e) { // whatever it is: an empty 200 would say that all is well
      log.error("the completion of a paid request failed", e);
      run.failClosed();
    }
    if (run.isAnsweredLater()) {
      if (!inDispatch) {
        run.letAnswer();
      }
      return null;
    }
    containerResponse.open();
    if (left == null) {
      tellContainer(false);
    } else {
      synchronized (this) {
        ended = true;
      }
    }
    return left;
  }

  /** Completes the container's context after an answer that was sent later. */
  void endLater() {
    containerResponse.open();
    tellContainer(false);
  }

  AsyncContext container() {
    return container;
  }

  /** Calls the handler's listeners while they can still write, as containers do. */
  void tellListeners() {
    synchronized (this) {
      if (listenersTold) {
        return;
      }
      listenersTold = true;
    }
    callListeners(null, AsyncListener::onComplete);
  }

  /** A listener of the container that waits for the completion tells the container itself. */
  private void tellContainer(boolean isWaiting) {
    synchronized (this) {
      ended = true;
      if (containerTold || containerWaits && !isWaiting) {
        return;
      }
      containerTold = true;
    }
    container.complete();
  }

  @Override
  public void dispatch() {
    claimEnd("dispatch()");
    container.dispatch();
  }

  @Override
  public void dispatch(String path) {
    claimEnd("dispatch()");
    container.dispatch(path);
  }

  @Override
  public void dispatch(ServletContext context, String path) {
    claimEnd("dispatch()");
    container.dispatch(context, path);
  }

  @Override
  public void start(Runnable task) {
    container.start(task);
  }

  @Override
  public void addListener(AsyncListener listener) {
    listeners.add(new Registered(listener, null, null));
  }

  @Override
  public void addListener(
      AsyncListener listener, ServletRequest request, ServletResponse response) {
    listeners.add(new Registered(listener, request, response));
  }

  @Override
  public <T extends AsyncListener> T createListener(Class<T> type) throws ServletException {
    return container.createListener(type);
  }

  @Override
  public void setTimeout(long milliseconds) {
    container.setTimeout(milliseconds);
  }

  @Override
  public long getTimeout() {
    return container.getTimeout();
  }

  @Override
  public ServletRequest getRequest() {
    return request;
  }

  @Override
  public ServletResponse getResponse() {
    return response;
  }

  @Override
  public boolean hasOriginalRequestAndResponse() {
    return request == run.request() && response == run.response();
  }

  private interface Call {
    void on(AsyncListener listener, AsyncEvent event) throws IOException;
  }

  private void callListeners(@Nullable Throwable failure, Call call) {
    for (Registered each : listeners) {
      try {
        call.on(each.listener(), new AsyncEvent(this, each.request(), each.response(), failure));
      } catch (IOException | RuntimeException e) {
        run.note(e);
        log.warn("a listener of a paid request failed", e);
      }
    }
  }

  private final class ContainerListener implements AsyncListener {
    /** The container is done. If the completion was not called, the handler went around it. */
    @Override
    public void onComplete(AsyncEvent event) throws IOException {
      tellListeners();
      if (run.async() == HeldAsyncContext.this) {
        run.finish(new IllegalStateException("the request was completed around its filter"), false);
      }
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      fail(
          new TimeoutException("the handler of a paid request timed out"),
          AsyncListener::onTimeout);
    }

    /** A handler that has met an error has failed, whatever it makes of it. */
    @Override
    public void onError(AsyncEvent event) {
      Throwable thrown = event.getThrowable();
      Throwable failure = thrown != null ? thrown : new IOException("asynchronous error");
      run.note(failure);
      fail(failure, AsyncListener::onError);
    }

    private void fail(Throwable failure, Call call) {
      if (run.isLeftToContainer()) {
        callListeners(failure, call);
        return;
      }
      if (run.isComplete()) {
        waitForCompletion();
        return;
      }
      callListeners(failure, call);
      synchronized (HeldAsyncContext.this) {
        if (ended) {
          return;
        }
      }
      run.note(failure);
      end(failure, false);
    }

    private void waitForCompletion() {
      synchronized (HeldAsyncContext.this) {
        containerWaits = true;
      }
      try {
        run.awaitCompletion(COMPLETION_SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      tellContainer(true);
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      callListeners(null, AsyncListener::onStartAsync);
    }
  }
}
