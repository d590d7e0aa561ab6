// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The future that a caller holds, and the step that it waits for now. When the future ends, by its
 * outcome or by its caller, the step is cancelled, and no step begins after that. Safe for use by
 * several threads.
 */
final class CancellableCall<R> {
  private final CompletableFuture<R> result = new Cancellable<>(this::cancel);
  private final CompletableFuture<Void> timer = new CompletableFuture<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private @Nullable CompletableFuture<?> step;
  private volatile @Nullable Throwable sendingFailure;

  /**
   * @param ended runs when the future has ended, before the step is cancelled
   */
  CancellableCall(Runnable ended) {
    result.whenComplete((value, failure) -> finish(ended));
  }

  private void finish(Runnable ended) {
    timer.cancel(false);
    try {
      ended.run();
    } finally {
      cancelStep();
      done.complete(null);
    }
  }

  /** Runs this when the call has ended and nothing of it is left to be done. */
  void afterwards(Runnable next) {
    done.thenRun(next);
  }

  /**
   * As the JDK's client returns it: {@code cancel(true)} of the future, or of one that is derived
   * from it, ends the call.
   */
  private static final class Cancellable<R> extends CompletableFuture<R> {
    private final BooleanSupplier cancelCall;

    Cancellable(BooleanSupplier cancelCall) {
      this.cancelCall = cancelCall;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean running = !isDone();
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      return running && mayInterruptIfRunning && cancelCall.getAsBoolean() || cancelled;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new Cancellable<>(cancelCall);
    }
  }

  private boolean cancel() {
    return result.completeExceptionally(new CancellationException("the request was cancelled"));
  }

  /** Returns the future for the caller. */
  CompletableFuture<R> result() {
    return result;
  }

  /** Returns whether the caller has a result, or no longer wants one. */
  boolean isOver() {
    return result.isDone();
  }

  /** Returns the step, which from now on is cancelled with the result. */
  <S> CompletableFuture<S> waitFor(CompletableFuture<S> next) {
    synchronized (this) {
      step = next;
    }
    if (result.isDone()) {
      next.cancel(true);
    }
    return next;
  }

  /**
   * Gives the outcome to the caller.
   *
   * @param ignored returns whether a failure is not the outcome
   */
  CompletableFuture<R> completeWith(CompletableFuture<R> outcome, BooleanSupplier ignored) {
    outcome.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            result.complete(value);
          } else if (!ignored.getAsBoolean()) {
            fail(unwrapped(failure));
          }
        });
    return result;
  }

  /** Ends the call with a failure; stages see it wrapped, as they do with the JDK's client. */
  void fail(Throwable failure) {
    result.completeExceptionally(new CompletionException(failure));
  }

  /**
   * Ends the call with the failure when the time is over, unless the {@link #answerBegins}. That
   * has a thread of its own for a moment: those of the executor may all wait for a signer or a
   * person.
   */
  void failAfter(Duration time, Supplier<Optional<Exception>> failure) {
    timer.completeOnTimeout(null, time.toNanos(), TimeUnit.NANOSECONDS);
    timer.thenRun(
        () -> {
          Thread late = new Thread(() -> failure.get().ifPresent(this::fail), "x402-timeout");
          late.setDaemon(true);
          late.start();
        });
  }

  /** The headers of the final answer are there, so the request is no longer timed. */
  void answerBegins() {
    timer.cancel(false);
  }

  /** Takes note of how the wrapped client failed. */
  void sendingFailed(Throwable failure) {
    sendingFailure = unwrapped(failure);
  }

  /** Returns whether the wrapped client failed with this. */
  boolean isSendingFailure(Throwable failure) {
    return failure == sendingFailure;
  }

  /** Returns the failure of a step without the exceptions that futures wrap around it. */
  static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure.getCause();
    boolean isWrapper =
        failure instanceof CompletionException || failure instanceof ExecutionException;
    return isWrapper && cause != null ? unwrapped(cause) : failure;
  }

  private void cancelStep() {
    CompletableFuture<?> last;
    synchronized (this) {
      last = step;
    }
    if (last != null) {
      last.cancel(true); // does nothing if the step is done; only a caller who cancels ends earlier
    }
  }
}
