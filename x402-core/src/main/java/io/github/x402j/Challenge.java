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

  Challenge(PaymentRequired required, Refusal refusal) {
    this.required = required;
    this.refusal = refusal;
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
