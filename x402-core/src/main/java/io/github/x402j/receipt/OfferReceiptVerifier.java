// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSVerifier;
import io.github.x402j.Address;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Checks signed offers and receipts of the {@code offer-receipt} extension against the signers that
 * its user trusts. A key that a statement brings along proves nothing and is not used. Immutable;
 * usable without a gate.
 */
public final class OfferReceiptVerifier {
  private static final int MAX_LENGTH = 16 * 1024;

  private final Set<Address> accounts;
  private final ReceiptAlgorithm algorithm;
  private final Map<String, JWSVerifier> keys;

  private final Clock clock;

  private OfferReceiptVerifier(
      Set<Address> accounts,
      ReceiptAlgorithm algorithm,
      Map<String, JWSVerifier> keys,
      Clock clock) {
    this.accounts = Set.copyOf(accounts);
    this.algorithm = algorithm;
    this.keys = keys;
    this.clock = clock;
  }

  /**
   * Returns a verifier of {@code eip712} statements.
   *
   * @param accounts who may sign: the offer's {@code payTo}, or an account that is known to sign
   *     for the seller
   */
  public static OfferReceiptVerifier ofAccounts(Set<Address> accounts) {
    return new OfferReceiptVerifier(accounts, ReceiptAlgorithm.ES256, Map.of(), Clock.systemUTC());
  }

  /**
   * Returns a verifier of {@code jws} statements.
   *
   * @param jwks the seller's public keys
   * @throws IllegalArgumentException if that is no JWK set, or no key of it fits
   */
  public static OfferReceiptVerifier ofKeys(String jwks, ReceiptAlgorithm algorithm) {
    return new OfferReceiptVerifier(
        Set.of(), algorithm, Keys.verifiers(jwks, algorithm), Clock.systemUTC());
  }

  /** Returns this verifier with another clock than the system's. */
  public OfferReceiptVerifier by(Clock newClock) {
    return new OfferReceiptVerifier(accounts, algorithm, keys, newClock);
  }

  /**
   * Returns what a trusted signer offers now, empty if the statement is none, of somebody else, or
   * has expired. Compare it with what was offered in {@code accepts}.
   *
   * @param signed an element of {@code offers}
   */
  public Optional<OfferStatement> offer(Map<String, Object> signed) {
    return offer(signed, clock.instant());
  }

  /**
   * Returns what a trusted signer offered at a time in the past, for a dispute, say. In the second
   * of its {@code validUntil} an offer still holds, after that it does not (section 4.6 of the
   * extension); without one, or with 0, it has no end.
   */
  public Optional<OfferStatement> offer(Map<String, Object> signed, Instant at) {
    return read(signed, Eip712Statements::signerOfOffer, OfferStatement::ofMembers)
        .filter(offer -> !offer.hasExpired(at));
  }

  /** Returns what a trusted signer has delivered, as for an offer. */
  public Optional<ReceiptStatement> receipt(Map<String, Object> signed) {
    return read(signed, Eip712Statements::signerOfReceipt, ReceiptStatement::ofMembers);
  }

  private <T> Optional<T> read(
      Map<String, Object> signed,
      BiFunction<Map<String, Object>, String, Optional<Address>> signer,
      Function<Map<String, Object>, T> parse) {
    if (!(signed.get("signature") instanceof String signature) || signature.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      Object format = signed.get("format");
      if (JwsStatements.FORMAT.equals(format) && !signed.containsKey("payload")) {
        return jws(signature).map(parse);
      }
      if (Eip712Statements.FORMAT.equals(format) && signed.get("payload") instanceof Map<?, ?> m) {
        Map<String, Object> members = members(m);
        return signer
            .apply(members, signature)
            .filter(accounts::contains)
            .map(a -> parse.apply(members));
      }
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // signed, and not a statement of version 1
    }
  }

  private Optional<Map<String, Object>> jws(String signature) {
    try {
      JWSObject jws = JWSObject.parse(signature);
      JWSVerifier verifier =
          jws.getHeader().getKeyID() == null ? null : keys.get(jws.getHeader().getKeyID());
      boolean good =
          verifier != null
              && jws.getHeader().getAlgorithm().equals(algorithm.jws())
              && jws.getHeader().getCriticalParams() == null
              && jws.verify(verifier);
      return good ? Optional.ofNullable(jws.getPayload().toJSONObject()) : Optional.empty();
    } catch (ParseException | JOSEException | IllegalStateException e) {
      return Optional.empty();
    }
  }

  private static Map<String, Object> members(Map<?, ?> payload) {
    Map<String, Object> members = new LinkedHashMap<>();
    payload.forEach((name, value) -> members.put(String.valueOf(name), value));
    return members;
  }
}
