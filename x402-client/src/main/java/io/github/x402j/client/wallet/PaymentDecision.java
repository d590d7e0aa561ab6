// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.evm.ExactEvmPayload;
import org.jspecify.annotations.Nullable;

/**
 * What a wallet says to a payment: {@link Signed} if its rules allow it, {@link Declined} if one of
 * them does not. Immutable.
 */
public sealed interface PaymentDecision {

  /**
   * The payment is signed, and its amount is reserved. It holds the signature: anyone who has it
   * can have the payment settled.
   *
   * @param requestId the journal's name for the request
   * @param offer the offer that is paid
   * @param payload the signed authorization
   */
  record Signed(String requestId, Offer offer, ExactEvmPayload payload) implements PaymentDecision {

    /** Returns the nonce of the authorization: 32 bytes in hex after {@code 0x}. */
    public String nonce() {
      return payload.authorization().nonce();
    }

    /** Does not show the signature. */
    @Override
    public String toString() {
      return String.format("Signed[%s, nonce %s]", offer, nonce());
    }
  }

  /**
   * The payment is declined: the rule that it breaks, and by how much.
   *
   * @param rule the name of the rule, such as {@code maxPerDay}
   * @param limit what the rule allows, as text
   * @param asked what the seller asked for, as text; it repeats no free text of the seller's
   * @param left what was left of the limit, as text; null if nothing uses the rule up
   * @param approval the name of the approval that the payment waits for, null if it waits for none
   */
  record Declined(
      String rule, String limit, String asked, @Nullable String left, @Nullable String approval)
      implements PaymentDecision {

    /** The reason of a payment that waits for no approval. */
    public Declined(String rule, String limit, String asked, @Nullable String left) {
      this(rule, limit, asked, left, null);
    }

    static Declined waiting(String limit, String asked, String approval) {
      return new Declined("approval", limit, asked, null, approval);
    }

    /** Returns the reason of a rule that nothing uses up. */
    public static Declined of(String rule, String limit, String asked) {
      return new Declined(rule, limit, asked, null);
    }

    static Declined revoked(Offer offer) {
      return new Declined("revoked", "nothing: the wallet is revoked", offer.priceText(), "$0");
    }

    static Declined noAmountLimit(Offer offer) {
      return new Declined(
          "policy", "nothing: the policy sets no limit on the amount", offer.priceText(), "$0");
    }

    /** Returns the reason as part of a sentence, such as "declined by rule hosts: ...". */
    public String text() {
      if (limit.startsWith("nothing: ")) {
        return String.format("declined: %s (%s asked)", limit.substring(9), asked);
      }
      if (approval != null) {
        return String.format(
            "waits for its owner's approval %s: asked %s, allowed %s", approval, asked, limit);
      }
      String remaining = left == null ? "" : ", left " + left;
      return String.format(
          "declined by rule %s: asked %s, allowed %s%s", rule, asked, limit, remaining);
    }
  }
}
