// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A payment whose terms match the requirements and whose signature is the payer's. Nothing is known
 * yet of the chain: the payer may have no money, or may have spent the authorization.
 *
 * <p>A payer can sign one nonce twice, for different recipients, amounts or windows. The chain
 * takes one of the two. So whatever remembers the outcome of a payment remembers it under its
 * {@link #id}, never under its {@code key} alone.
 *
 * @param payload the claim as decoded
 * @param requirements the seller's own requirements that it meets
 * @param key which use of the payer's account this is: of all payments with one key, the chain
 *     takes one at most
 * @param digest of what was signed, such as the EIP-712 hash of the authorization
 * @param validBefore the time from which the authorization can no longer be used
 * @param signed the payload as its scheme has read it
 * @param claimant on whose behalf the payment is settled: the same for every attempt of one ledger,
 *     and known to no other. Null until a ledger holds the payment. A remote facilitator gets it as
 *     {@code Idempotency-Key}
 */
public record SignedPayment(
    PaymentPayload payload,
    PaymentRequirements requirements,
    PaymentKey key,
    Bytes32 digest,
    Instant validBefore,
    SchemePayload signed,
    @Nullable String claimant) {

  /** Makes a payment that no ledger holds yet. */
  public SignedPayment(
      PaymentPayload payload,
      PaymentRequirements requirements,
      PaymentKey key,
      Bytes32 digest,
      Instant validBefore,
      SchemePayload signed) {
    this(payload, requirements, key, digest, validBefore, signed, null);
  }

  /** Returns this payment, to be settled on behalf of this claimant. */
  public SignedPayment claimedBy(String newClaimant) {
    return new SignedPayment(payload, requirements, key, digest, validBefore, signed, newClaimant);
  }

  /**
   * Names a payment: two are the same if one payer signed the same, however the signatures or the
   * messages around them are written.
   *
   * @param key which use of the payer's account
   * @param digest of what was signed
   */
  public record Id(PaymentKey key, Bytes32 digest) {}

  /** Returns the name under which the outcome of this payment is remembered. */
  public Id id() {
    return new Id(key, digest);
  }

  /** Returns who signed. */
  public Address payer() {
    return key.payer();
  }
}
