// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The answer of a run that waits without a thread. It is sent once, in a thread of the container:
 * when what it waits for is known, or when it has waited for too long. If the container ends the
 * request before, it is called all the same, and must not use the response.
 */
final class LaterAnswer {
  private static final Logger log = LoggerFactory.getLogger(HeldRun.class);

  /** Settlements have deadlines of their own, which are shorter. */
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

  private final HeldRun run;
  private final AsyncContext container;
  private final HeldRun.Answer answer;
  private final Runnable gone;
  private final Runnable end;
  private final CompletableFuture<Void> dispatchEnded = new CompletableFuture<>();
  private boolean taken;
  private boolean ended;

  /**
   * @param gone what to do if the container has ended the request
   * @param end completes the container's context
   */
  LaterAnswer(
      HeldRun run, AsyncContext container, HeldRun.Answer answer, Runnable gone, Runnable end) {
    this.run = run;
    this.container = container;
    this.answer = answer;
    this.gone = gone;
    this.end = end;
  }

  /** Makes a request asynchronous whose handler was not. */
  static LaterAnswer starting(
      HeldRun run,
      ServletRequest request,
      HttpServletResponse response,
      HeldRun.Answer answer,
      Runnable gone) {
    AsyncContext started = request.startAsync(request, response);
    started.setTimeout(LONGEST_WAIT.toMillis());
    LaterAnswer later = new LaterAnswer(run, started, answer, gone, started::complete);
    started.addListener(later.new ContainerListener());
    return later;
  }

  void await(CompletionStage<?> known) {
    known.thenCombine(dispatchEnded, (outcome, nothing) -> true).thenRun(this::sendInContainer);
  }

  /** The dispatch is about to return: the response is nobody else's from here on. */
  void letGo() {
    dispatchEnded.complete(null);
  }

  /** A container that has stopped takes no more tasks. */
  private void sendInContainer() {
    try {
      container.start(this::send);
    } catch (RuntimeException e) {
      log.debug("the container takes no more tasks", e);
      Thread thread = new Thread(this::send, "x402-answer");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void send() {
    boolean isGone;
    synchronized (this) {
      if (taken) {
        return;
      }
      taken = true;
      isGone = ended;
    }
    run.answer(answer, isGone);
    try {
      end.run();
    } catch (IllegalStateException e) {
      log.debug("the container has ended the request by itself", e);
    }
  }

  /** Returns whether the container has ended the request before the answer. */
  private synchronized boolean endsEarly() {
    ended = true;
    return !taken;
  }

  private final class ContainerListener implements AsyncListener {
    @Override
    public void onTimeout(AsyncEvent event) {
      send();
      awaitAnswer();
    }

    @Override
    public void onError(AsyncEvent event) {
      gone.run();
      awaitAnswer();
    }

    /** Waits in a thread of the container, which would use the response for something else. */
    private void awaitAnswer() {
      try {
        run.awaitCompletion((int) LONGEST_WAIT.toSeconds());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void onComplete(AsyncEvent event) {
      if (endsEarly()) {
        gone.run();
      }
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}
  }
}
