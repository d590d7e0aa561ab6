// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.SmallPool;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs on a few threads of its own, so that a signer that fails or hangs keeps nothing else up: it
 * may be a key store behind a network. Its threads end when they have nothing to do. Safe for use
 * by several threads.
 */
final class TimedSigner {
  private static final Logger log = LoggerFactory.getLogger(TimedSigner.class);
  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final String what;
  private final Duration longestWait;
  private final ThreadPoolExecutor threads;
  private boolean hasLogged;
  private long loggedAt;
  private long leftOut;

  /**
   * @param what is signed, for the log
   * @param maxThreads how many are signed at a time
   * @param maxWaiting how many more wait for that
   * @param longestWait how long the caller waits for a signature
   */
  TimedSigner(String what, int maxThreads, int maxWaiting, Duration longestWait) {
    this.what = what;
    this.longestWait = longestWait;
    threads = SmallPool.of("x402-statements", maxThreads, maxWaiting);
  }

  /** Begins to sign; the result is empty if the signer fails, or too many wait for it. */
  CompletableFuture<Optional<Map<String, Object>>> begin(Supplier<Map<String, Object>> signature) {
    CompletableFuture<Optional<Map<String, Object>>> result = new CompletableFuture<>();
    try {
      threads.execute(
          () -> {
            try {
              result.complete(Optional.of(signature.get()));
            } catch (Throwable e) { // also an error: a key store's library may be missing
              warn("the signer failed: " + e);
              result.complete(Optional.empty());
            }
          });
    } catch (RejectedExecutionException e) {
      warn("the signer is busy");
      result.complete(Optional.empty());
    }
    return result;
  }

  /** Returns the result, empty if it takes too long; it may still come later. */
  Optional<Map<String, Object>> await(CompletableFuture<Optional<Map<String, Object>>> result) {
    try {
      return result.get(longestWait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      warn("the signer takes more than " + longestWait.toMillis() + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new AssertionError("no result is an exception", e);
    }
    return Optional.empty();
  }

  /** Once a minute: requests cause it, and anyone can send these. */
  private synchronized void warn(String why) {
    long now = System.nanoTime();
    if (hasLogged && now - loggedAt < LOG_EVERY_NANOS) {
      leftOut++;
      return;
    }
    log.warn("{} go out unsigned: {} ({} such warnings left out)", what, why, leftOut);
    hasLogged = true;
    loggedAt = now;
    leftOut = 0;
  }
}
