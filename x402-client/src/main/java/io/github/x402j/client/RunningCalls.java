// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a client that are running, and whether it accepts more. Those of a client for a
 * task are its parent's, too. Safe for use by several threads.
 */
final class RunningCalls {
  private final @Nullable RunningCalls parent;
  private final Runnable terminated;
  private final Set<PayingCall<?>> running = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean shutDown;

  /**
   * @param terminated runs when no request runs and no other can
   */
  RunningCalls(Runnable terminated) {
    this(null, terminated);
  }

  private RunningCalls(@Nullable RunningCalls parent, Runnable terminated) {
    this.parent = parent;
    this.terminated = terminated;
  }

  /** Returns those of a client that can be shut down by itself, and ends with this one. */
  RunningCalls ofTask() {
    return new RunningCalls(this, () -> {});
  }

  /** Starts a request. If the client was shut down, the future fails as the JDK's. */
  <T> CompletableFuture<HttpResponse<T>> run(
      PayingCall<T> call, Supplier<CompletableFuture<HttpResponse<T>>> start) {
    if (!add(call)) {
      IOException closed = new IOException("closed");
      call.sendingFailed(closed);
      return CompletableFuture.failedFuture(closed);
    }
    call.afterwards(() -> remove(call));
    try {
      return start.get();
    } catch (Throwable e) {
      remove(call);
      throw e;
    }
  }

  private boolean add(PayingCall<?> call) {
    if (parent != null && !parent.add(call)) {
      return false;
    }
    synchronized (this) {
      if (!shutDown) {
        running.add(call);
        return true;
      }
    }
    if (parent != null) {
      parent.remove(call);
    }
    return false;
  }

  private void remove(PayingCall<?> call) {
    boolean last;
    synchronized (this) {
      running.remove(call);
      last = isTerminated();
      notifyAll();
    }
    if (last) {
      terminated.run();
    }
    if (parent != null) {
      parent.remove(call);
    }
  }

  /** Accepts no more requests. */
  void shutdown() {
    boolean last;
    synchronized (this) {
      shutDown = true;
      last = isTerminated();
      notifyAll();
    }
    if (last) {
      terminated.run();
    }
  }

  /** Accepts no more requests, and ends those that run. */
  void shutdownNow() {
    shutdown();
    List<PayingCall<?>> all;
    synchronized (this) {
      all = List.copyOf(running);
    }
    all.forEach(call -> call.end(new IOException("shutdownNow")));
  }

  /** Returns whether this was shut down and no request runs any more. */
  synchronized boolean isTerminated() {
    return shutDown && running.isEmpty();
  }

  /** Waits until {@link #isTerminated}, for this time at most; returns whether it is. */
  synchronized boolean awaitTermination(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.NANOSECONDS.convert(time);
    while (!isTerminated()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return true;
  }
}
