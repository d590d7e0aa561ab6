// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.URI;

/**
 * Thrown when a seller asks for a payment that the caller's rules do not allow. Nothing was signed
 * and nothing was paid.
 */
public final class PaymentDeclinedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String rule;
  private final String limit;
  private final String asked;

  private PaymentDeclinedException(String message, String rule, String limit, String asked) {
    super(message);
    this.rule = rule;
    this.limit = limit;
    this.asked = asked;
  }

  static PaymentDeclinedException of(URI requested, String rule, String limit, String asked) {
    String target =
        Origin.of(requested).map(Origin::toString).orElse("")
            + (requested.getRawPath() == null ? "" : requested.getRawPath());
    return new PaymentDeclinedException(
        String.format(
            "payment for %s declined by rule %s: allowed is %s, asked was %s",
            target, rule, limit, asked),
        rule,
        limit,
        asked);
  }

  /**
   * Returns the name of the rule that was not met: {@code maxPerPayment}, {@code tokens}, {@code
   * tokenDomain}, {@code transferMethod}, {@code amount}, {@code payTo}, {@code resource}, {@code
   * redirect}, {@code confidential} or {@code descriptor}. Later versions have more.
   */
  public String rule() {
    return rule;
  }

  /** Returns what the rule allows, for people. */
  public String limit() {
    return limit;
  }

  /** Returns what the seller asked for, for people. It repeats no free text of the seller's. */
  public String asked() {
    return asked;
  }
}
