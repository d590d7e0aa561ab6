// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Facilitator;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/**
 * What a gate and a facilitator's service are both set up with: who verifies and settles, who
 * observes, and how much work a payer may cause. Not safe for use by several threads.
 */
final class FacilitatorSettings {
  private final List<Facilitator> facilitators = new ArrayList<>();
  private final List<PaymentListener> listeners = new ArrayList<>();
  private Clock clock = Clock.systemUTC();
  private int maxConcurrentVerifications = GuardedFacilitator.DEFAULT_MAX_CONCURRENT;
  private int failuresPerMinute = FailureBudget.DEFAULT_FAILURES_PER_MINUTE;

  void add(Facilitator facilitator) {
    facilitators.add(facilitator);
  }

  void add(PaymentListener listener) {
    listeners.add(listener);
  }

  void clock(Clock newClock) {
    clock = newClock;
  }

  void maxConcurrentVerifications(int payments) {
    maxConcurrentVerifications = atLeastOne("maxConcurrentVerifications", payments);
  }

  void failuresPerMinute(int failures) {
    failuresPerMinute = atLeastOne("failuresPerMinute", failures);
  }

  static int atLeastOne(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(setting + ": expected at least 1, found " + value);
    }
    return value;
  }

  Clock clock() {
    return clock;
  }

  /**
   * Returns the facilitators, each behind a guard of its own.
   *
   * @throws IllegalStateException if there is none
   */
  List<GuardedFacilitator> guarded() {
    if (facilitators.isEmpty()) {
      throw new IllegalStateException("facilitator: none was given; who verifies and settles?");
    }
    return facilitators.stream()
        .map(facilitator -> new GuardedFacilitator(facilitator, maxConcurrentVerifications, clock))
        .toList();
  }

  FailureBudget failureBudget() {
    return new FailureBudget(failuresPerMinute, clock);
  }

  Listeners listeners() {
    return new Listeners(listeners);
  }
}
