// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Address;
import io.github.x402j.evm.Eip712Statements;
import io.github.x402j.extension.OfferReceiptVerifier;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.receipt.JwsStatements;
import io.github.x402j.receipt.ReceiptAlgorithm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whose signature on an offer counts: the recipient's, and those that a person names. */
final class OfferSigners {
  /** Before every end: what has expired is shown as such, with its signer. */
  private static final Instant WHENEVER = Instant.EPOCH;

  private final Set<Address> accounts;
  private final List<OfferReceiptVerifier> keys;

  private OfferSigners(Set<Address> accounts, List<OfferReceiptVerifier> keys) {
    this.accounts = Set.copyOf(accounts);
    this.keys = keys;
  }

  /**
   * Returns the signers that count.
   *
   * @param accounts beside the recipient of the payment
   * @param jwks the seller's public keys, null if none are known
   * @throws IllegalArgumentException if that is no JWK set, or holds no key that can be used
   */
  static OfferSigners of(Set<Address> accounts, @Nullable String jwks) {
    return new OfferSigners(accounts, jwks == null ? List.of() : verifiers(jwks));
  }

  /** A key fits one algorithm, so that nothing in a statement chooses how it is verified. */
  private static List<OfferReceiptVerifier> verifiers(String jwks) {
    List<OfferReceiptVerifier> verifiers = new ArrayList<>();
    for (ReceiptAlgorithm algorithm : ReceiptAlgorithm.values()) {
      try {
        verifiers.add(OfferReceiptVerifier.of(JwsStatements.trusting(jwks, algorithm)));
      } catch (IllegalArgumentException e) {
        continue; // none of its keys fits this one
      }
    }
    if (verifiers.isEmpty()) {
      throw new IllegalArgumentException(
          "--jwks: expected a JWK set with a public key, with kid, for ES256, ES256K, EdDSA or"
              + " RS256");
    }
    return verifiers;
  }

  /** Returns whether any key is known that a JWS can be held against. */
  boolean knowKeys() {
    return !keys.isEmpty();
  }

  /** Returns what the statement says, if the recipient or another trusted account signed it. */
  Optional<OfferStatement> eip712(Map<String, Object> signed, @Nullable Address recipient) {
    Set<Address> trusted = new HashSet<>(accounts);
    if (recipient != null) {
      trusted.add(recipient);
    }
    return OfferReceiptVerifier.of(Eip712Statements.trusting(trusted)).offer(signed, WHENEVER);
  }

  /** Returns what the statement says, if one of the keys signed it. */
  Optional<OfferStatement> jws(Map<String, Object> signed) {
    return keys.stream().flatMap(key -> key.offer(signed, WHENEVER).stream()).findFirst();
  }
}
