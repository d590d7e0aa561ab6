// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * Thrown when a payment could not be checked: the chain or the remote facilitator did not answer,
 * answered nonsense, or a limit of the seller's stands against it now. The payment is neither valid
 * nor invalid and nothing was sent; a server answers 503.
 *
 * <p>The message holds no URL, key or answer text of the other side.
 */
public final class FacilitatorException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public FacilitatorException(String message) {
    super(message);
  }

  /** Creates the exception with its cause, whose message must not be shown. */
  public FacilitatorException(String message, Throwable cause) {
    super(message, cause);
  }
}
