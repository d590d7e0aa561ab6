// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The future that a caller holds, and the step that it waits for now. Cancelling the future cancels
 * the step, and no step begins after that. Safe for use by several threads.
 */
final class CancellableCall<R> {
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private @Nullable CompletableFuture<?> step;

  CancellableCall() {
    result.whenComplete((value, failure) -> cancelStep());
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

  /** Gives the outcome to the caller. */
  CompletableFuture<R> completeWith(CompletableFuture<R> outcome) {
    outcome.whenComplete(
        (value, failure) -> {
          if (failure != null) {
            result.completeExceptionally(unwrapped(failure));
          } else {
            result.complete(value);
          }
        });
    return result;
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
      last.cancel(true); // does nothing if the step is done, as it is unless the caller cancels
    }
  }
}
