// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Facilitator;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a gate and a facilitator service share: who verifies and settles, where it is
 * remembered, who observes, and how much work a payer may cause. Not safe for use by several
 * threads.
 *
 * @param <B> the builder itself
 */
abstract class EngineBuilder<B extends EngineBuilder<B>> {
  private static final int DEFAULT_MAX_CONCURRENT_VERIFICATIONS = 64;
  private static final int DEFAULT_MAX_CONCURRENT_SETTLEMENTS = 48;

  private final List<Facilitator> facilitators = new ArrayList<>();
  private final List<PaymentListener> listeners = new ArrayList<>();
  private @Nullable PaymentLedger ledger;
  private Clock clock = Clock.systemUTC();
  private int maxConcurrentVerifications = DEFAULT_MAX_CONCURRENT_VERIFICATIONS;
  private int maxConcurrentSettlements = DEFAULT_MAX_CONCURRENT_SETTLEMENTS;
  private boolean startsWithoutNode;
  private int failuresPerMinute = FailureBudget.DEFAULT_FAILURES_PER_MINUTE;

  abstract B self();

  /**
   * Adds a facilitator, which verifies and settles. The first that supports a payment's scheme and
   * network handles it. At least one is needed.
   */
  public B facilitator(Facilitator facilitator) {
    facilitators.add(facilitator);
    return self();
  }

  /**
   * Sets where used authorizations are remembered. Default: in memory, which neither survives a
   * restart nor is shared between servers.
   */
  public B ledger(PaymentLedger newLedger) {
    ledger = newLedger;
    return self();
  }

  /** Adds an observer. */
  public B listener(PaymentListener listener) {
    listeners.add(listener);
    return self();
  }

  /** Reads the time from this clock. Default: the system's. */
  public B clock(Clock newClock) {
    clock = newClock;
    return self();
  }

  /**
   * Bounds how many payments each facilitator verifies at a time. As many more wait, for 2 seconds
   * at most; a payment over that gets a 503. Payers whose money has moved here go first, and an
   * eighth of the bound is reserved for them. Default: 64. At least 1.
   */
  public B maxConcurrentVerifications(int payments) {
    maxConcurrentVerifications = atLeastOne("maxConcurrentVerifications", payments);
    return self();
  }

  /**
   * Bounds how many payments each facilitator settles at a time. A third as many more wait, for 5
   * seconds at most; a payment over that is not settled and gets a 503. Default: 48. At least 1.
   */
  public B maxConcurrentSettlements(int payments) {
    maxConcurrentSettlements = atLeastOne("maxConcurrentSettlements", payments);
    return self();
  }

  /**
   * Bounds how many failures a payer may cause in a minute (handlers that fail, transfers that do
   * not go through) before it gets a 429. Default: 30. At least 1.
   */
  public B failuresPerMinute(int failures) {
    failuresPerMinute = atLeastOne("failuresPerMinute", failures);
    return self();
  }

  /**
   * Starts although a node or a remote facilitator does not answer. Nothing is sold through it, and
   * priced routes answer 503, until it answers and the checks of the start have succeeded. A wrong
   * configuration fails the start in any case. Default: off, so that an unreachable node fails it,
   * too.
   */
  public B startWithoutNode() {
    startsWithoutNode = true;
    return self();
  }

  static int atLeastOne(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(setting + ": expected at least 1, found " + value);
    }
    return value;
  }

  final Clock clock() {
    return clock;
  }

  final PaymentLedger ledger() {
    return ledger == null ? InMemoryPaymentLedger.create() : ledger;
  }

  /**
   * Returns the facilitators, each behind a guard of its own.
   *
   * @throws IllegalStateException if there is none
   */
  final List<GuardedFacilitator> guarded() {
    if (facilitators.isEmpty()) {
      throw new IllegalStateException("facilitator: none was given; who verifies and settles?");
    }
    GuardedFacilitator.Limits limits =
        GuardedFacilitator.Limits.of(maxConcurrentVerifications, maxConcurrentSettlements);
    return facilitators.stream()
        .map(facilitator -> new LateStart(facilitator, startsWithoutNode, clock))
        .map(facilitator -> new GuardedFacilitator(facilitator, limits, clock))
        .toList();
  }

  final FailureBudget failureBudget() {
    return new FailureBudget(failuresPerMinute, clock);
  }

  final Listeners listeners() {
    return new Listeners(listeners);
  }
}
