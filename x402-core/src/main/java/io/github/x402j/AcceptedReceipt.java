// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;
import java.util.OptionalLong;

/**
 * A receipt that was found genuine and good for what is being bought. Its uses are not counted yet.
 *
 * @param key which receipt this is
 * @param payer who paid
 * @param requirements the seller's own requirements that it meets
 * @param transaction the hash of the transaction that moved the money
 * @param pass whether it is a pass, which its payment bought besides an answer of its own
 * @param uses how often it may be used in all, at least 1; empty for any number of times
 * @param expiresAt the time from which it is good no more, clock skew included
 */
public record AcceptedReceipt(
    ReceiptKey key,
    Address payer,
    PaymentRequirements requirements,
    String transaction,
    boolean pass,
    OptionalLong uses,
    Instant expiresAt) {
  /** Checks the hash and the number. */
  public AcceptedReceipt {
    if (!Bytes32.isCanonical(transaction)) {
      throw new IllegalArgumentException("transaction: expected 0x and 64 lower-case hex digits");
    }
    if (uses.isPresent() && uses.getAsLong() < 1) {
      throw new IllegalArgumentException("uses: expected at least 1");
    }
  }
}
