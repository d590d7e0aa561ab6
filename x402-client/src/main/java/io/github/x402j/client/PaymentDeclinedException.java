// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a seller asks for a payment that the caller's rules do not allow. Nothing was paid,
 * and no signature was given out.
 */
public final class PaymentDeclinedException extends IOException {
  private static final long serialVersionUID = 2L;

  private final String rule;
  private final String limit;
  private final String asked;
  private final @Nullable String left;

  private PaymentDeclinedException(String message, Refusal refusal) {
    super(message);
    this.rule = refusal.rule();
    this.limit = refusal.limit();
    this.asked = refusal.asked();
    this.left = refusal.left();
  }

  static PaymentDeclinedException of(URI requested, String rule, String limit, String asked) {
    return of(requested, Refusal.of(rule, limit, asked));
  }

  static PaymentDeclinedException of(URI requested, Refusal refusal) {
    String target =
        Origin.of(requested).map(Origin::toString).orElse("")
            + (requested.getRawPath() == null ? "" : requested.getRawPath());
    String left = refusal.left() == null ? "" : ", left was " + refusal.left();
    return new PaymentDeclinedException(
        String.format(
            "payment for %s declined by rule %s: allowed is %s, asked was %s%s",
            target, refusal.rule(), refusal.limit(), refusal.asked(), left),
        refusal);
  }

  /**
   * Returns the name of the rule that was not met. Rules of a {@link SpendingPolicy}: {@code
   * policy}, {@code maxPerPayment}, {@code maxPerHost}, {@code maxPerHour}, {@code maxPerDay},
   * {@code maxTotal}, {@code hosts}, {@code methods}, {@code recipients}, {@code networks}, {@code
   * tokens}, {@code rate}, {@code approval}. Of an {@link AgentWallet}: {@code revoked}, {@code
   * expiry}, {@code allowedDomains}, {@code limit}. Of the client: {@code tokens}, {@code scheme},
   * {@code tokenDomain}, {@code transferMethod}, {@code amount}, {@code payTo}, {@code resource},
   * {@code redirect}, {@code confidential}, {@code body}, {@code descriptor}. Later versions may
   * have more.
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

  /**
   * Returns what was left of the limit, for people; empty if the rule is not one that is used up.
   */
  public Optional<String> left() {
    return Optional.ofNullable(left);
  }
}
