// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.FacilitatorException;
import io.github.x402j.Settlement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * A settlement that was begun. When its outcome is known, {@link #conclude} is to be called once:
 * it takes the time that a ledger and a sales book need, so not in the thread that made it known.
 */
final class SettlementInProgress {
  /** What follows when the outcome is known. */
  interface Conclusion {
    /**
     * Records the outcome.
     *
     * @throws FacilitatorException if nothing was sent; the payment has been released
     */
    Settlement conclude() throws FacilitatorException;
  }

  private final CompletableFuture<Settlement> outcome;
  private final Conclusion conclusion;

  SettlementInProgress(CompletableFuture<Settlement> outcome, Conclusion conclusion) {
    this.outcome = outcome;
    this.conclusion = conclusion;
  }

  /** Returns one whose outcome is known and recorded. */
  static SettlementInProgress known(Settlement settlement) {
    return new SettlementInProgress(
        CompletableFuture.completedFuture(settlement), () -> settlement);
  }

  /** Returns one with a step more at its end. */
  SettlementInProgress then(Conclusion next) {
    return new SettlementInProgress(outcome, next);
  }

  boolean isKnown() {
    return outcome.isDone();
  }

  /** Completes when the outcome is known, and never by an exception. */
  CompletionStage<?> known() {
    return outcome.handle((settlement, failure) -> true);
  }

  /** Records the outcome; a settlement whose outcome is not known by now is pending. */
  Settlement conclude() throws FacilitatorException {
    return conclusion.conclude();
  }

  /**
   * Returns the outcome, pending if it is not known yet.
   *
   * @throws FacilitatorException if nothing was sent, for certain
   */
  static Settlement of(CompletableFuture<Settlement> outcome) throws FacilitatorException {
    try {
      return outcome.getNow(new Settlement.Pending(null));
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof FacilitatorException notSent) {
        throw notSent;
      }
      if (cause instanceof RuntimeException bug) {
        throw bug;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("a settlement broke off", cause);
    }
  }
}
