// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;

/** Holds a payment against the ways to pay that were offered. */
final class Offered {
  private Offered() {}

  /**
   * Returns the offered requirements that the payment may be meant for: in version 2 the one that
   * equals {@code accepted} field by field; in version 1, which does not say, all of its scheme and
   * network.
   */
  static List<PaymentRequirements> candidates(PaymentRequired required, PaymentPayload payload) {
    PaymentRequirements accepted = payload.accepted();
    if (accepted != null) {
      return required.accepts().stream().filter(accepted::equals).limit(1).toList();
    }
    return required.accepts().stream()
        .filter(option -> option.scheme().equals(payload.scheme()))
        .filter(option -> option.network().equals(payload.network()))
        .toList();
  }

  /** Returns the refusal of a payment that has no candidate. */
  static Verification.Invalid mismatch(PaymentRequired required, PaymentPayload payload) {
    if (required.accepts().stream().noneMatch(o -> o.scheme().equals(payload.scheme()))) {
      return invalid(ErrorReason.UNSUPPORTED_SCHEME, "scheme: not one that was offered");
    }
    if (required.accepts().stream().noneMatch(o -> o.network().equals(payload.network()))) {
      return invalid(ErrorReason.INVALID_NETWORK, "network: not one that was offered");
    }
    return invalid(
        ErrorReason.INVALID_PAYMENT_REQUIREMENTS,
        "accepted: equals none of the offered requirements in every field");
  }

  private static Verification.Invalid invalid(ErrorReason reason, String detail) {
    return new Verification.Invalid(reason, detail, null);
  }
}
