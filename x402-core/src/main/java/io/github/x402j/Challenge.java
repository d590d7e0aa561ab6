// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * A descriptor together with the 402 that carries it, encoded once. Made by {@link
 * PaymentGate#challenge}.
 */
public final class Challenge {
  private final PaymentRequired required;
  private final Refusal refusal;
  private final boolean olderHeader;

  Challenge(PaymentRequired required, boolean olderHeader) {
    this.required = required;
    this.olderHeader = olderHeader;
    this.refusal = Refusals.challenge(required, olderHeader);
  }

  /** Returns whether a 402 names the descriptor by its older header, too. */
  boolean hasOlderHeader() {
    return olderHeader;
  }

  /** Returns a network to name where no payment names one. */
  Network anyNetwork() {
    return required.accepts().get(0).network();
  }

  /** Returns what is asked for. */
  public PaymentRequired required() {
    return required;
  }

  /** Returns the 402 for a request that brings no payment. */
  public Refusal refusal() {
    return refusal;
  }
}
