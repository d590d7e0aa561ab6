// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a {@link PaymentLedger} cannot do what it was asked: its store does not answer, or
 * another process has taken over what the caller held. The gate stays closed: the answer is 503 and
 * the same payment may be sent again.
 */
public final class LedgerException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /**
   * Says what was not possible.
   *
   * @param message what was not possible; must not hold secrets
   */
  public LedgerException(String message) {
    super(message);
  }

  /**
   * Says what was not possible, and why.
   *
   * @param message what was not possible; must not hold secrets
   * @param cause what the store said; goes to the log alone
   */
  public LedgerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
