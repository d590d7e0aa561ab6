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
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/** Ed25519 by the JDK; Nimbus needs Tink for it. */
final class Ed25519 {
  private static final String NAME = "Ed25519";
  private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(JWSAlgorithm.EdDSA);

  /** The DER encoding of a key up to its 32 bytes (RFC 8410). */
  private static final byte[] PUBLIC_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final byte[] PRIVATE_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private Ed25519() {}

  static JWSVerifier verifier(OctetKeyPair key) throws JOSEException {
    try {
      PublicKey publicKey =
          KeyFactory.getInstance(NAME)
              .generatePublic(new X509EncodedKeySpec(joined(PUBLIC_PREFIX, key.getX().decode())));
      return new Verifier(publicKey);
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK does not take the Ed25519 key", e);
    }
  }

  static JWSSigner signer(OctetKeyPair key) throws JOSEException {
    try {
      PrivateKey privateKey =
          KeyFactory.getInstance(NAME)
              .generatePrivate(new PKCS8EncodedKeySpec(joined(PRIVATE_PREFIX, key.getDecodedD())));
      return new Signer(privateKey);
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK does not take the Ed25519 key", e);
    }
  }

  static OctetKeyPair generate() throws JOSEException {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(NAME).generateKeyPair();
      return new OctetKeyPair.Builder(Curve.Ed25519, tail(pair.getPublic(), PUBLIC_PREFIX))
          .d(tail(pair.getPrivate(), PRIVATE_PREFIX))
          .build();
    } catch (GeneralSecurityException e) {
      throw new JOSEException("the JDK generates no Ed25519 key", e);
    }
  }

  private static Base64URL tail(Key key, byte[] prefix) throws JOSEException {
    byte[] der = key.getEncoded();
    if (!Arrays.equals(prefix, Arrays.copyOf(der, prefix.length))) {
      throw new JOSEException("the JDK encodes Ed25519 keys in another way");
    }
    return Base64URL.encode(Arrays.copyOfRange(der, prefix.length, der.length));
  }

  private static byte[] joined(byte[] prefix, byte[] key) throws JOSEException {
    if (key.length != 32) {
      throw new JOSEException("an Ed25519 key has 32 bytes");
    }
    byte[] all = new byte[prefix.length + key.length];
    System.arraycopy(prefix, 0, all, 0, prefix.length);
    System.arraycopy(key, 0, all, prefix.length, key.length);
    return all;
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
        Signature check = Signature.getInstance(NAME);
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
        Signature signature = Signature.getInstance(NAME);
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
