// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;

/**
 * A payment whose terms match the requirements and whose signature is the payer's. Nothing is known
 * yet of the chain: the payer may have no money, or may have spent the authorization.
 *
 * @param payload the claim as decoded
 * @param requirements the seller's own requirements that it meets
 * @param key which authorization this is
 * @param validBefore the time from which the authorization can no longer be used
 * @param signed the payload as its scheme has read it
 */
public record SignedPayment(
    PaymentPayload payload,
    PaymentRequirements requirements,
    PaymentKey key,
    Instant validBefore,
    SchemePayload signed) {

  /** Returns who signed. */
  public Address payer() {
    return key.payer();
  }
}
