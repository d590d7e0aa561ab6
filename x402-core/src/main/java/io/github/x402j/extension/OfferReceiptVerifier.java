// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Checks the signed statements of the {@code offer-receipt} extension against the signers that its
 * user trusts: {@code Eip712Statements.trusting(accounts)} or {@code JwsStatements.trusting(jwks,
 * algorithm)}. Immutable; usable without a gate.
 */
public final class OfferReceiptVerifier {
  private static final int MAX_SIGNATURE_LENGTH = 16 * 1024;

  private final TrustedSigners trusted;
  private final Clock clock;

  private OfferReceiptVerifier(TrustedSigners trusted, Clock clock) {
    this.trusted = trusted;
    this.clock = clock;
  }

  /** Returns a verifier of the statements that these signers sign. */
  public static OfferReceiptVerifier of(TrustedSigners trusted) {
    return new OfferReceiptVerifier(trusted, Clock.systemUTC());
  }

  /** Returns this verifier with another clock. Default: the system's. */
  public OfferReceiptVerifier by(Clock newClock) {
    return new OfferReceiptVerifier(trusted, newClock);
  }

  /**
   * Returns the offer statement, empty if it is malformed, has expired, or no trusted signer signed
   * it. Compare it with what {@code accepts} asks for.
   *
   * @param signed an element of {@code offers}
   */
  public Optional<OfferStatement> offer(Map<String, Object> signed) {
    return offer(signed, clock.instant());
  }

  /**
   * Returns the offer statement if it was valid at this time, for example in a dispute. An offer is
   * valid up to the end of the second in {@code validUntil} (section 4.6 of the extension). Without
   * {@code validUntil}, or with 0, it does not expire.
   */
  public Optional<OfferStatement> offer(Map<String, Object> signed, Instant at) {
    return read(signed, trusted::offer, OfferStatement::ofMembers)
        .filter(offer -> !offer.hasExpired(at));
  }

  /** Returns the receipt statement, as for an offer statement; it does not expire. */
  public Optional<ReceiptStatement> receipt(Map<String, Object> signed) {
    return read(signed, trusted::receipt, ReceiptStatement::ofMembers);
  }

  private static <T> Optional<T> read(
      Map<String, Object> signed,
      Function<Map<String, Object>, Optional<Map<String, Object>>> members,
      Function<Map<String, Object>, T> parse) {
    if (!(signed.get("signature") instanceof String signature)
        || signature.length() > MAX_SIGNATURE_LENGTH) {
      return Optional.empty();
    }
    try {
      return members.apply(signed).map(parse);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // signed, but not a statement of version 1
    }
  }
}
