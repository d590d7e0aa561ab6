// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import io.github.x402j.Ed25519Keys;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.util.Set;

/** Ed25519 by the JDK; Nimbus needs Tink for it. */
final class Ed25519 {
  private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(JWSAlgorithm.EdDSA);

  private Ed25519() {}

  static JWSVerifier verifier(OctetKeyPair key) throws JOSEException {
    try {
      return new Verifier(Ed25519Keys.publicKey(key.getX().decode()));
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK does not take the Ed25519 key", e);
    }
  }

  static JWSSigner signer(OctetKeyPair key) throws JOSEException {
    try {
      return new Signer(Ed25519Keys.privateKey(key.getDecodedD()));
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK does not take the Ed25519 key", e);
    }
  }

  static OctetKeyPair generate() throws JOSEException {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(Ed25519Keys.ALGORITHM).generateKeyPair();
      Base64URL x = Base64URL.encode(Ed25519Keys.bytes(pair.getPublic()));
      Base64URL d = Base64URL.encode(Ed25519Keys.bytes(pair.getPrivate()));
      return new OctetKeyPair.Builder(Curve.Ed25519, x).d(d).build();
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK generates no Ed25519 key", e);
    }
  }

  private static final class Verifier implements JWSVerifier {
    private final PublicKey key;

    Verifier(PublicKey key) {
      this.key = key;
    }

    @Override
    public boolean verify(JWSHeader header, byte[] input, Base64URL signature)
        throws JOSEException {
      try {
        Signature check = Signature.getInstance(Ed25519Keys.ALGORITHM);
        check.initVerify(key);
        check.update(input);
        return check.verify(signature.decode());
      } catch (SignatureException e) {
        return false; // a wrong length, for example
      } catch (GeneralSecurityException e) {
        throw new JOSEException("Ed25519 does not work here", e);
      }
    }

    @Override
    public Set<JWSAlgorithm> supportedJWSAlgorithms() {
      return ALGORITHMS;
    }

    @Override
    public JCAContext getJCAContext() {
      return new JCAContext();
    }
  }

  private static final class Signer implements JWSSigner {
    private final PrivateKey key;

    Signer(PrivateKey key) {
      this.key = key;
    }

    @Override
    public Base64URL sign(JWSHeader header, byte[] input) throws JOSEException {
      try {
        Signature signature = Signature.getInstance(Ed25519Keys.ALGORITHM);
        signature.initSign(key);
        signature.update(input);
        return Base64URL.encode(signature.sign());
      } catch (GeneralSecurityException e) {
        throw new JOSEException("Ed25519 does not work here", e);
      }
    }

    @Override
    public Set<JWSAlgorithm> supportedJWSAlgorithms() {
      return ALGORITHMS;
    }

    @Override
    public JCAContext getJCAContext() {
      return new JCAContext();
    }
  }
}
