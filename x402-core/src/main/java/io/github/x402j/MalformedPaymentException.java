// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * Thrown when a message is not what the protocol defines: not base64, not JSON, a field missing or
 * of the wrong type. A server answers 400.
 *
 * <p>The message names the field, what was expected and what kind of thing was found; it never
 * repeats what was sent.
 */
public final class MalformedPaymentException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ErrorReason reason;

  /** Creates the exception for a payload that is not well formed. */
  public MalformedPaymentException(String message) {
    this(ErrorReason.INVALID_PAYLOAD, message);
  }

  /** Creates the exception with the code that the client is told. */
  public MalformedPaymentException(ErrorReason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns the code for the client. */
  public ErrorReason reason() {
    return reason;
  }
}
