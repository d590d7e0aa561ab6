// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import java.io.IOException;

/**
 * Thrown to a handler that writes more than may be held back. The response has failed from then on,
 * also if the handler ignores this exception.
 */
public final class HeldOverflowException extends IOException {
  private static final long serialVersionUID = 1L;

  HeldOverflowException(String what, long limit) {
    super(
        "the %s of a paid response exceeds %d bytes: raise the limit of the buffer, or settle first"
            .formatted(what, limit));
  }
}
