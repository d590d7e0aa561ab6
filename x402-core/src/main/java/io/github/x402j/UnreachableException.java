// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * Thrown at the start when a node or a remote facilitator does not answer. The configuration may be
 * right: the same start may succeed later.
 *
 * <p>The message holds no URL and no key.
 */
public final class UnreachableException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public UnreachableException(String message, Throwable cause) {
    super(message, cause);
  }
}
