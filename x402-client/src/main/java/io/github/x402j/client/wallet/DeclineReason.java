// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import org.jspecify.annotations.Nullable;

/**
 * The rule that a payment breaks, and by how much. Immutable.
 *
 * @param rule the name of the rule, such as {@code maxPerDay}
 * @param limit what the rule allows, as text
 * @param asked what the seller asked for, as text; it repeats no free text of the seller's
 * @param left what was left of the limit, as text; null if nothing uses the rule up
 */
public record DeclineReason(String rule, String limit, String asked, @Nullable String left)
    implements PaymentDecision {

  /** Returns the reason of a rule that nothing uses up. */
  public static DeclineReason of(String rule, String limit, String asked) {
    return new DeclineReason(rule, limit, asked, null);
  }

  static DeclineReason revoked(Offer offer) {
    return new DeclineReason("revoked", "nothing: the wallet is revoked", offer.priceText(), "$0");
  }

  static DeclineReason noAmountLimit(Offer offer) {
    return new DeclineReason(
        "policy", "nothing: the policy sets no limit on the amount", offer.priceText(), "$0");
  }

  /** Returns the reason as part of a sentence, such as "declined by rule hosts: ...". */
  public String text() {
    if (limit.startsWith("nothing: ")) {
      return String.format("declined: %s (%s asked)", limit.substring(9), asked);
    }
    String remaining = left == null ? "" : ", left " + left;
    return String.format(
        "declined by rule %s: asked %s, allowed %s%s", rule, asked, limit, remaining);
  }
}
