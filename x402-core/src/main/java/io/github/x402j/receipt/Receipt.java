// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import io.github.x402j.Address;
import io.github.x402j.Bytes32;
import io.github.x402j.Network;
import io.github.x402j.ReceiptKey;
import io.github.x402j.TokenAmount;
import io.github.x402j.UnicodeText;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;

/**
 * The claims of a receipt: who paid how much to whom, by which transaction, and for what.
 *
 * @param issuer who signs it ({@code iss}), 1 to 256 characters
 * @param audience who accepts it ({@code aud}): the seller's public origin
 * @param payer who paid ({@code sub})
 * @param id the issuer's number for it ({@code jti}), 1 to 128 characters
 * @param issuedAt whole seconds ({@code iat})
 * @param expiresAt whole seconds ({@code exp}), after {@code issuedAt}
 * @param transaction the hash of the transaction, {@code 0x} and 64 lower-case hex digits
 * @param network the chain
 * @param asset the token's contract
 * @param amount how much was paid, in atomic units
 * @param payTo who was paid
 * @param route what was paid for: the resource's URL, or the route of a pass
 * @param method the method of the request
 * @param isPass whether it opens a route for its lifetime
 * @param uses how often it may be used; 0 if it only proves a payment; empty for once, or for a
 *     pass without a limit
 */
public record Receipt(
    String issuer,
    String audience,
    Address payer,
    String id,
    Instant issuedAt,
    Instant expiresAt,
    String transaction,
    Network network,
    Address asset,
    TokenAmount amount,
    Address payTo,
    String route,
    String method,
    boolean isPass,
    OptionalLong uses) {

  /** Checks the texts, the hash and the times. */
  public Receipt {
    ReceiptKey unused = new ReceiptKey(issuer, id); // checks both
    UnicodeText.requireWellFormed("aud", audience);
    UnicodeText.requireWellFormed("route", route);
    UnicodeText.requireWellFormed("method", method);
    if (!Bytes32.isCanonical(transaction)) {
      throw new IllegalArgumentException("tx: expected 0x and 64 lower-case hex digits");
    }
    issuedAt = issuedAt.truncatedTo(ChronoUnit.SECONDS);
    expiresAt = expiresAt.truncatedTo(ChronoUnit.SECONDS);
    if (!expiresAt.isAfter(issuedAt)) {
      throw new IllegalArgumentException("exp: expected a time after iat");
    }
    if (uses.isPresent() && uses.getAsLong() < 0) {
      throw new IllegalArgumentException("uses: expected 0 or more");
    }
  }

  /** Returns which receipt this is. */
  public ReceiptKey key() {
    return new ReceiptKey(issuer, id);
  }

  /** Returns whether it only proves a payment and buys nothing. */
  public boolean isProofOnly() {
    return uses.isPresent() && uses.getAsLong() == 0;
  }

  boolean mayBeShownAgain() {
    return isPass ? !isProofOnly() : uses.isPresent() && uses.getAsLong() > 1;
  }

  Duration lifetime() {
    return Duration.between(issuedAt, expiresAt);
  }
}
