// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.PaymentDecision;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when a seller asks for a payment that the caller's rules do not allow. Nothing was paid,
 * and no signature was given out.
 */
public final class PaymentDeclinedException extends PaymentException {
  private static final long serialVersionUID = 5L;

  private final String rule;
  private final String limit;
  private final String asked;
  private final @Nullable String left;
  private final @Nullable String approval;

  /**
   * @param requested the URL that a payment was asked for; the message shows it without its query
   */
  PaymentDeclinedException(URI requested, PaymentDecision.Declined reason) {
    super(
        String.format(
            "payment for %s%s %s",
            Origin.of(requested).map(Origin::toString).orElse(""),
            requested.getRawPath() == null ? "" : requested.getRawPath(),
            reason.text()));
    this.rule = reason.rule();
    this.limit = reason.limit();
    this.asked = reason.asked();
    this.left = reason.left();
    this.approval = reason.approval();
  }

  static PaymentDeclinedException of(URI requested, String rule, String limit, String asked) {
    return new PaymentDeclinedException(requested, PaymentDecision.Declined.of(rule, limit, asked));
  }

  static PaymentDeclinedException revoked(URI requested, Payment payment) {
    return of(
        requested, "revoked", "nothing: the wallet is revoked", payment.offer().price().toString());
  }

  static PaymentDeclinedException unreadable(URI requested, MalformedPaymentException e) {
    return of(requested, "descriptor", "one that can be read", String.valueOf(e.getMessage()));
  }

  static PaymentDeclinedException unrepeatable(URI requested) {
    return of(
        requested, "body", "a request body that can be sent again", "payment for one that cannot");
  }

  /** Returns the reason, for the journal. */
  PaymentDecision.Declined reason() {
    return new PaymentDecision.Declined(rule, limit, asked, left, approval);
  }

  /**
   * Returns the name of the rule that the payment breaks. Rules of a {@link SpendingPolicy}: {@code
   * policy}, {@code maxPerPayment}, {@code maxPerHost}, {@code maxPerHour}, {@code maxPerDay},
   * {@code maxTotal}, {@code hosts}, {@code methods}, {@code recipients}, {@code networks}, {@code
   * tokens}, {@code rate}, {@code approval}. Without any: {@code unresolved}, {@code undelivered}.
   * Of an {@link AgentWallet}: {@code revoked}, {@code expiry}, {@code allowedDomains}, {@code
   * limit}. Of the client: {@code tokens}, {@code scheme}, {@code tokenDomain}, {@code
   * transferMethod}, {@code amount}, {@code payTo}, {@code resource}, {@code redirect}, {@code
   * confidential}, {@code body}, {@code descriptor}. Later versions may have more.
   */
  public String rule() {
    return rule;
  }

  /** Returns what the rule allows, as text. */
  public String limit() {
    return limit;
  }

  /**
   * Returns what the seller asked for, as text. It repeats no free text of the seller's: names of
   * schemes and networks are cut, and have no spaces.
   */
  public String asked() {
    return asked;
  }

  /** Returns what was left of the limit, as text; empty if nothing uses the rule up. */
  public Optional<String> left() {
    return Optional.ofNullable(left);
  }

  /**
   * Returns the name of the approval that the payment waits for. When its owner has approved it,
   * with {@code x402 wallet approve} or {@link io.github.x402j.client.wallet.SpendJournal#approve},
   * the next try for the same request goes through, once. Empty if the payment waits for none.
   */
  public Optional<String> approval() {
    return Optional.ofNullable(approval);
  }
}
