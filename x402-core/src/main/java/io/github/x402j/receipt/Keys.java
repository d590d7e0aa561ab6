// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import java.security.Provider;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Which key fits which algorithm, and what signs and verifies with it. */
final class Keys {
  /** Passed explicitly to whatever needs it, and never installed for the whole JVM. */
  static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();

  private static final int MIN_RSA_BITS = 2048;
  private static final int MAX_KID_LENGTH = 256;

  private Keys() {}

  static boolean fits(JWK key, ReceiptAlgorithm algorithm) {
    return switch (algorithm) {
      case ES256 -> key instanceof ECKey ec && Curve.P_256.equals(ec.getCurve());
      case ES256K -> key instanceof ECKey ec && Curve.SECP256K1.equals(ec.getCurve());
      case EDDSA -> key instanceof OctetKeyPair okp && Curve.Ed25519.equals(okp.getCurve());
      case RS256 -> key instanceof RSAKey rsa && rsa.size() >= MIN_RSA_BITS;
    };
  }

  static JWSVerifier verifier(JWK key, ReceiptAlgorithm algorithm) throws JOSEException {
    return switch (algorithm) {
      case ES256 -> new ECDSAVerifier(key.toECKey());
      case ES256K -> {
        ECDSAVerifier verifier = new ECDSAVerifier(key.toECKey().toECPublicKey(BOUNCY_CASTLE));
        verifier.getJCAContext().setProvider(BOUNCY_CASTLE);
        yield verifier;
      }
      case EDDSA -> Ed25519.verifier(key.toOctetKeyPair());
      case RS256 -> new RSASSAVerifier(key.toRSAKey());
    };
  }

  static JWSSigner signer(JWK key, ReceiptAlgorithm algorithm) throws JOSEException {
    return switch (algorithm) {
      case ES256 -> new ECDSASigner(key.toECKey());
      case ES256K -> {
        ECDSASigner signer =
            new ECDSASigner(key.toECKey().toECPrivateKey(BOUNCY_CASTLE), Curve.SECP256K1);
        signer.getJCAContext().setProvider(BOUNCY_CASTLE);
        yield signer;
      }
      case EDDSA -> Ed25519.signer(key.toOctetKeyPair());
      case RS256 -> new RSASSASigner(key.toRSAKey());
    };
  }

  /**
   * Returns the verifiers of the keys that fit, by {@code kid}.
   *
   * @throws IllegalArgumentException if the text is no JWK set, or holds no key that fits, or two
   *     with one {@code kid}
   */
  static Map<String, JWSVerifier> verifiers(String jwks, ReceiptAlgorithm algorithm) {
    JWKSet set;
    try {
      set = JWKSet.parse(jwks);
    } catch (ParseException | IllegalArgumentException | IllegalStateException e) {
      throw new IllegalArgumentException("keys: expected a JWK set");
    }
    Map<String, JWSVerifier> verifiers = new LinkedHashMap<>();
    for (JWK key : set.getKeys()) {
      if (isMeant(key, algorithm)) {
        add(verifiers, key, algorithm);
      }
    }
    if (verifiers.isEmpty()) {
      throw new IllegalArgumentException(
          "keys: the JWK set holds no key with a kid that fits " + algorithm.wireName());
    }
    return Map.copyOf(verifiers);
  }

  private static boolean isMeant(JWK key, ReceiptAlgorithm algorithm) {
    return fits(key, algorithm)
        && key.getKeyID() != null
        && key.getKeyID().length() <= MAX_KID_LENGTH
        && !KeyUse.ENCRYPTION.equals(key.getKeyUse())
        && (key.getAlgorithm() == null || key.getAlgorithm().equals(algorithm.jws()));
  }

  private static void add(Map<String, JWSVerifier> verifiers, JWK key, ReceiptAlgorithm algorithm) {
    try {
      if (verifiers.put(key.getKeyID(), verifier(key.toPublicJWK(), algorithm)) != null) {
        throw new IllegalArgumentException("keys: the JWK set holds two keys with one kid");
      }
    } catch (JOSEException e) {
      throw new IllegalArgumentException("keys: a key of the JWK set cannot be used", e);
    }
  }
}
