// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.SmallPool;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the access hooks, within a bounded time and on a bounded number of threads. A hook that
 * hangs keeps one of these, and no thread of the container. Safe for use by several threads.
 */
final class AccessControl {
  private static final Logger log = LoggerFactory.getLogger(AccessHook.class);

  /** Decisions that are made at a time. */
  static final int MAX_THREADS = 32;

  /** Decisions that wait for a thread. */
  private static final int MAX_WAITING = 512;

  private final List<AccessHook> hooks;
  private final Duration timeout;
  private final LogRate rate;
  private final ThreadPoolExecutor threads = SmallPool.of("x402-access", MAX_THREADS, MAX_WAITING);

  AccessControl(List<AccessHook> hooks, Duration timeout, Clock clock) {
    this.hooks = List.copyOf(hooks);
    this.timeout = timeout;
    this.rate = new LogRate(clock);
  }

  /** Thrown when there is no decision; the gate stays closed. */
  static final class UndecidedException extends Exception {
    private static final long serialVersionUID = 1L;

    UndecidedException(String message) {
      super(message);
    }
  }

  /** Returns whether there is anything to ask. */
  boolean isEmpty() {
    return hooks.isEmpty();
  }

  /** Returns what the hooks decide about a request. */
  AccessDecision decide(AccessRequest request) throws UndecidedException {
    return within(() -> first(request));
  }

  /** Returns what the hooks decide about the payer. */
  AccessDecision.OnPayer decideOnPayer(AccessRequest request, VerifiedPayment payment)
      throws UndecidedException {
    return within(() -> first(request, payment));
  }

  private AccessDecision first(AccessRequest request) throws Exception {
    AccessDecision found = AccessDecision.charge();
    for (AccessHook hook : hooks) {
      AccessDecision next = required(hook.decide(request));
      if (next instanceof AccessDecision.Grant || next instanceof AccessDecision.Refuse) {
        return next;
      }
      if (!(found instanceof AccessDecision.PayTo)) {
        found = next;
      }
    }
    return found;
  }

  private AccessDecision.OnPayer first(AccessRequest request, VerifiedPayment payment)
      throws Exception {
    for (AccessHook hook : hooks) {
      AccessDecision.OnPayer next = required(hook.decideOnPayer(request, payment));
      if (!(next instanceof AccessDecision.Charge)) {
        return next;
      }
    }
    return AccessDecision.charge();
  }

  @SuppressWarnings("ConstantConditions") // a hook need not be checked for nulls
  private static <D> D required(D decision) {
    if (decision == null) {
      throw new IllegalStateException("it returned null");
    }
    return decision;
  }

  private <D> D within(Callable<D> question) throws UndecidedException {
    Future<D> answer;
    try {
      answer = threads.submit(question);
    } catch (RejectedExecutionException e) {
      throw new UndecidedException("too many access decisions are waiting");
    }
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new UndecidedException("the access hook took more than " + timeout.toMillis() + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UndecidedException("interrupted while waiting for the access hook");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw failed(cause == null ? e : cause);
    } finally {
      answer.cancel(true);
    }
  }

  /**
   * The stack trace goes to the log once a minute: requests cause it, and anyone can send these.
   */
  private UndecidedException failed(Throwable cause) {
    String kind = "the access hook failed: " + cause.getClass().getName();
    OptionalLong left = rate.next(kind);
    if (left.isPresent()) {
      log.error("{} ({} such lines left out)", kind, left.getAsLong(), cause);
    }
    return new UndecidedException(kind);
  }
}
