// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.evm.ExactEvmPayload;

/**
 * A payment that a wallet has signed and whose amount it has reserved. Immutable. It holds the
 * signature: anyone who has it can have the payment settled.
 *
 * @param requestId the journal's name for the request
 * @param offer the offer that is paid
 * @param payload the signed authorization
 */
public record SignedPayment(String requestId, Offer offer, ExactEvmPayload payload)
    implements PaymentDecision {

  /** Returns the nonce of the authorization: 32 bytes in hex after {@code 0x}. */
  public String nonce() {
    return payload.authorization().nonce();
  }

  /** Does not show the signature. */
  @Override
  public String toString() {
    return String.format("SignedPayment[%s, nonce %s]", offer, nonce());
  }
}
