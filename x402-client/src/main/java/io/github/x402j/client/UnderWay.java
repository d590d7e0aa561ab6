// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The future that a caller holds, and the one step that it waits for now: cancelling the first
 * cancels the second, and no step begins after that.
 */
final class UnderWay<R> {
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private @Nullable CompletableFuture<?> step;

  UnderWay() {
    result.whenComplete((value, failure) -> cancelStep());
  }

  /** Returns the future for the caller. */
  CompletableFuture<R> result() {
    return result;
  }

  /** Returns whether the caller has what it wants, or no longer wants it. */
  boolean isOver() {
    return result.isDone();
  }

  /** Returns the step, which is cancelled with the result from now on. */
  <S> CompletableFuture<S> waitFor(CompletableFuture<S> next) {
    synchronized (this) {
      step = next;
    }
    if (result.isDone()) {
      next.cancel(true);
    }
    return next;
  }

  /** Gives the caller what comes out. */
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

  /** Returns the failure of a step, out of what futures wrap it in on its way here. */
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
      last.cancel(true); // does nothing where the step is done, which it is unless this is a cancel
    }
  }
}
