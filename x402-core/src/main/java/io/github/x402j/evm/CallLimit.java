// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Bounds how many calls go to a node at a time on behalf of those of whom nothing is known yet, and
 * how many wait for that. What is over the bound fails, and may be sent again. Safe for use by
 * several threads.
 */
final class CallLimit {
  /** Calls at a time; as many more wait. */
  static final int MAX_CALLS = 16;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);

  private final String refusal;
  private final Semaphore calls = new Semaphore(MAX_CALLS, true);
  private final Set<Object> subjects = ConcurrentHashMap.newKeySet();

  /**
   * @param refusal what is said to those that are over the bound
   */
  CallLimit(String refusal) {
    this.refusal = refusal;
  }

  /** A call to bound. */
  interface Call<T> {
    T get() throws FacilitatorException;
  }

  /**
   * Returns what the call returns.
   *
   * @param subject what it is about: one call at a time about each, so that no one takes all
   * @throws FacilitatorException if there is no room, or the call throws it
   */
  <T> T call(Object subject, Call<T> call) throws FacilitatorException {
    if (!subjects.add(subject)) {
      throw new FacilitatorException(refusal);
    }
    try {
      takeTurn();
      try {
        return call.get();
      } finally {
        calls.release();
      }
    } finally {
      subjects.remove(subject);
    }
  }

  private void takeTurn() throws FacilitatorException {
    try {
      if (calls.getQueueLength() < MAX_CALLS
          && calls.tryAcquire(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new FacilitatorException(refusal);
  }
}
