// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.security.Provider;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * How a receipt is signed. There is no algorithm with a shared secret: whoever can check such a
 * receipt can also make one.
 */
public enum ReceiptAlgorithm {
  /** ECDSA over P-256 with SHA-256; the default. */
  ES256(JWSAlgorithm.ES256),
  /** ECDSA over secp256k1 with SHA-256, through Bouncy Castle. */
  ES256K(JWSAlgorithm.ES256K),
  /** Ed25519, through the JDK. */
  EDDSA(JWSAlgorithm.EdDSA),
  /** RSA PKCS #1 with SHA-256; keys of 2,048 bits and more. */
  RS256(JWSAlgorithm.RS256);

  private static final int MIN_RSA_BITS = 2048;

  /** Bouncy Castle, passed to what needs it and never installed for the whole JVM. */
  private static final class BouncyCastle {
    static final Provider PROVIDER = new BouncyCastleProvider();
  }

  private final JWSAlgorithm jws;

  ReceiptAlgorithm(JWSAlgorithm jws) {
    this.jws = jws;
  }

  /** Returns its name in the {@code alg} header. */
  public String wireName() {
    return jws.getName();
  }

  JWSAlgorithm jws() {
    return jws;
  }

  /** Returns whether the key is of the right kind and long enough. */
  boolean fits(JWK key) {
    return switch (this) {
      case ES256 -> key instanceof ECKey ec && Curve.P_256.equals(ec.getCurve());
      case ES256K -> key instanceof ECKey ec && Curve.SECP256K1.equals(ec.getCurve());
      case EDDSA -> key instanceof OctetKeyPair okp && Curve.Ed25519.equals(okp.getCurve());
      case RS256 -> key instanceof RSAKey rsa && rsa.size() >= MIN_RSA_BITS;
    };
  }

  /** Returns the algorithm for keys of this kind, empty if there is none. */
  static Optional<ReceiptAlgorithm> of(JWK key) {
    return Arrays.stream(values()).filter(each -> each.fits(key)).findFirst();
  }

  JWSVerifier verifier(JWK key) throws JOSEException {
    return switch (this) {
      case ES256 -> new ECDSAVerifier(key.toECKey());
      case ES256K -> {
        ECDSAVerifier verifier =
            new ECDSAVerifier(key.toECKey().toECPublicKey(BouncyCastle.PROVIDER));
        verifier.getJCAContext().setProvider(BouncyCastle.PROVIDER);
        yield verifier;
      }
      case EDDSA -> Ed25519.verifier(key.toOctetKeyPair());
      case RS256 -> new RSASSAVerifier(key.toRSAKey());
    };
  }

  JWSSigner signer(JWK key) throws JOSEException {
    return switch (this) {
      case ES256 -> new ECDSASigner(key.toECKey());
      case ES256K -> {
        ECDSASigner signer =
            new ECDSASigner(key.toECKey().toECPrivateKey(BouncyCastle.PROVIDER), Curve.SECP256K1);
        signer.getJCAContext().setProvider(BouncyCastle.PROVIDER);
        yield signer;
      }
      case EDDSA -> Ed25519.signer(key.toOctetKeyPair());
      case RS256 -> new RSASSASigner(key.toRSAKey());
    };
  }

  /** Returns a new private key without a name. */
  JWK generate() throws JOSEException {
    return switch (this) {
      case ES256 -> new ECKeyGenerator(Curve.P_256).generate();
      case ES256K -> new ECKeyGenerator(Curve.SECP256K1).provider(BouncyCastle.PROVIDER).generate();
      case EDDSA -> Ed25519.generate();
      case RS256 -> new RSAKeyGenerator(MIN_RSA_BITS).generate();
    };
  }
}
