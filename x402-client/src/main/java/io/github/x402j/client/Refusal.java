// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Why a payment is not made.
 *
 * @param rule the name of the rule
 * @param limit what it allows, for people
 * @param asked what was asked for, for people
 * @param left what was left of the limit; null where a rule has nothing that is used up
 */
record Refusal(String rule, String limit, String asked, @Nullable String left) {
  static Refusal of(String rule, String limit, String asked) {
    return new Refusal(rule, limit, asked, null);
  }

  PaymentDeclinedException exception(URI requested) {
    return PaymentDeclinedException.of(requested, this);
  }
}
