// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECKeyParameters;
import org.bouncycastle.crypto.params.ECNamedDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.params.RSAPrivateCrtKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.PublicKeyFactory;
import org.bouncycastle.math.ec.ECPoint;

/**
 * Reads keys from PEM files: PKCS #8 private keys, X.509 public keys. No message holds any of a
 * file's content.
 */
final class PemKeys {
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
  private static final int MAX_LENGTH = 64 * 1024;

  private PemKeys() {}

  static JWK privateKey(Path file, String kid) {
    try {
      return jwk(PrivateKeyFactory.createKey(der(file, "PRIVATE KEY")), kid);
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "key file "
              + file
              + ": expected a PKCS #8 private key (BEGIN PRIVATE KEY) of P-256,"
              + " secp256k1, Ed25519 or RSA");
    }
  }

  static JWK publicKey(Path file, String kid) {
    try {
      return jwk(PublicKeyFactory.createKey(der(file, "PUBLIC KEY")), kid);
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "key file "
              + file
              + ": expected a public key (BEGIN PUBLIC KEY) of P-256, secp256k1,"
              + " Ed25519 or RSA");
    }
  }

  private static byte[] der(Path file, String label) throws IOException {
    if (Files.size(file) > MAX_LENGTH) {
      throw new IOException("too long");
    }
    Matcher pem = PEM.matcher(Files.readString(file));
    if (!pem.find() || !pem.group(1).equals(label)) {
      throw new IOException("not a " + label);
    }
    return Base64.getMimeDecoder().decode(pem.group(2));
  }

  static JWK jwk(AsymmetricKeyParameter key, String kid) throws IOException {
    if (key instanceof ECPrivateKeyParameters ec) {
      ECPoint point = ec.getParameters().getG().multiply(ec.getD()).normalize();
      return ec(ec, point, kid).d(coordinate(ec.getD())).build();
    }
    if (key instanceof ECPublicKeyParameters ec) {
      return ec(ec, ec.getQ().normalize(), kid).build();
    }
    if (key instanceof Ed25519PrivateKeyParameters ed) {
      return new OctetKeyPair.Builder(
              Curve.Ed25519, Base64URL.encode(ed.generatePublicKey().getEncoded()))
          .d(Base64URL.encode(ed.getEncoded()))
          .keyID(kid)
          .build();
    }
    if (key instanceof Ed25519PublicKeyParameters ed) {
      return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(ed.getEncoded()))
          .keyID(kid)
          .build();
    }
    if (key instanceof RSAPrivateCrtKeyParameters rsa) {
      return rsa(rsa.getModulus(), rsa.getPublicExponent(), kid)
          .privateExponent(Base64URL.encode(rsa.getExponent()))
          .firstPrimeFactor(Base64URL.encode(rsa.getP()))
          .secondPrimeFactor(Base64URL.encode(rsa.getQ()))
          .firstFactorCRTExponent(Base64URL.encode(rsa.getDP()))
          .secondFactorCRTExponent(Base64URL.encode(rsa.getDQ()))
          .firstCRTCoefficient(Base64URL.encode(rsa.getQInv()))
          .build();
    }
    if (key instanceof RSAKeyParameters rsa && !rsa.isPrivate()) {
      return rsa(rsa.getModulus(), rsa.getExponent(), kid).build();
    }
    throw new IOException("another kind of key");
  }

  private static ECKey.Builder ec(ECKeyParameters key, ECPoint point, String kid)
      throws IOException {
    return new ECKey.Builder(
            curve(key),
            coordinate(point.getAffineXCoord().toBigInteger()),
            coordinate(point.getAffineYCoord().toBigInteger()))
        .keyID(kid);
  }

  private static Curve curve(ECKeyParameters key) throws IOException {
    if (key.getParameters() instanceof ECNamedDomainParameters named) {
      ASN1ObjectIdentifier name = named.getName();
      if (name.equals(SECObjectIdentifiers.secp256r1)) {
        return Curve.P_256;
      }
      if (name.equals(SECObjectIdentifiers.secp256k1)) {
        return Curve.SECP256K1;
      }
    }
    throw new IOException("another curve");
  }

  private static Base64URL coordinate(BigInteger number) {
    return ECKey.encodeCoordinate(256, number);
  }

  private static RSAKey.Builder rsa(BigInteger modulus, BigInteger exponent, String kid) {
    return new RSAKey.Builder(Base64URL.encode(modulus), Base64URL.encode(exponent)).keyID(kid);
  }
}
