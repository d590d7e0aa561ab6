// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import io.github.x402j.FacilitatorException;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The current public keys of an issuer. Nothing in a token has an influence on them. */
interface IssuerKeys extends AutoCloseable {
  /** Longer names are ignored, with their keys. */
  int MAX_KID_LENGTH = 256;

  /**
   * Returns the verifiers by {@code kid}. A key keeps its verifier object as long as it is in use.
   *
   * @throws FacilitatorException if the keys are not known at present
   */
  Map<String, JWSVerifier> byKid() throws FacilitatorException;

  /** Fetches the keys where they must be fetched, now and in the background until closed. */
  default void start() {}

  @Override
  default void close() {}

  /** Returns fixed keys from the text of a JWK set; throws as {@link #verifiers} does. */
  static IssuerKeys of(String jwks, ReceiptAlgorithm algorithm) {
    Map<String, JWSVerifier> verifiers = verifiers(jwks, algorithm);
    return () -> verifiers;
  }

  /**
   * Returns the verifiers of the keys that fit, by {@code kid}.
   *
   * @throws IllegalArgumentException if the text is not a JWK set, no key fits, or two keys have
   *     one {@code kid}
   */
  static Map<String, JWSVerifier> verifiers(String jwks, ReceiptAlgorithm algorithm) {
    return verifiers(parse(jwks), algorithm);
  }

  private static JWKSet parse(String jwks) {
    try {
      return JWKSet.parse(jwks);
    } catch (ParseException
        | RuntimeException e) { // Nimbus throws anything for what it cannot read
      throw new IllegalArgumentException("keys: expected a JWK set"); // repeats none of it
    }
  }

  /** Returns the names of the keys by {@link DidUrl#members}; throws as {@link #verifiers} does. */
  static Map<Map<String, Object>, String> kids(String jwks) {
    Map<Map<String, Object>, String> kids = new LinkedHashMap<>();
    for (JWK key : parse(jwks).getKeys()) {
      if (key.getKeyID() != null && ReceiptAlgorithm.of(key).isPresent()) {
        kids.put(DidUrl.members(key), key.getKeyID());
      }
    }
    return kids;
  }

  /** Returns the verifiers of a parsed set, as for its text. */
  static Map<String, JWSVerifier> verifiers(JWKSet set, ReceiptAlgorithm algorithm) {
    Map<String, JWSVerifier> verifiers = new LinkedHashMap<>();
    for (JWK key : set.getKeys()) {
      if (isForSigning(key, algorithm)
          && verifiers.put(key.getKeyID(), verifier(key, algorithm)) != null) {
        throw new IllegalArgumentException("keys: the JWK set has two keys with one kid");
      }
    }
    if (verifiers.isEmpty()) {
      throw new IllegalArgumentException(
          "keys: the JWK set has no key with a kid that fits " + algorithm.wireName());
    }
    return Map.copyOf(verifiers);
  }

  private static boolean isForSigning(JWK key, ReceiptAlgorithm algorithm) {
    return algorithm.fits(key)
        && key.getKeyID() != null
        && key.getKeyID().length() <= MAX_KID_LENGTH
        && !KeyUse.ENCRYPTION.equals(key.getKeyUse())
        && (key.getAlgorithm() == null || key.getAlgorithm().equals(algorithm.jws()));
  }

  private static JWSVerifier verifier(JWK key, ReceiptAlgorithm algorithm) {
    try {
      return algorithm.verifier(key.toPublicJWK());
    } catch (JOSEException e) {
      throw new IllegalArgumentException("keys: a key of the JWK set cannot be used", e);
    }
  }
}
