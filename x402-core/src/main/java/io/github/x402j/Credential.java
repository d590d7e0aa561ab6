// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/** What a request brings in its payment header. */
public sealed interface Credential {
  /** A payment, decoded. */
  record Payment(PaymentPayload payload) implements Credential {}

  /** The text of a receipt, not checked yet. */
  record ReceiptToken(String token) implements Credential {
    /** Does not show the token. */
    @Override
    public String toString() {
      return "ReceiptToken[redacted]";
    }
  }

  /**
   * The credential of the {@code Payment} HTTP scheme in {@code Authorization}, not decoded yet.
   *
   * @param token what follows the name of the scheme
   */
  record Authorization(String token) implements Credential {
    /** Does not show the token. */
    @Override
    public String toString() {
      return "Authorization[redacted]";
    }
  }
}
