// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.Base64URL;
import java.math.BigInteger;
import java.util.Arrays;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.bouncycastle.math.ec.ECPoint;

/** Public keys as {@code did:key} spells them: base58 of a key's kind and its bytes. */
final class MultibaseKey {
  private static final String DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  private static final BigInteger BASE = BigInteger.valueOf(DIGITS.length());
  private static final int MAX_LENGTH = 64;
  private static final int KIND_LENGTH = 2;

  private MultibaseKey() {}

  /**
   * Returns the key: Ed25519, P-256 or secp256k1.
   *
   * @throws IllegalArgumentException if it is none of them
   */
  static JWK parse(String text) {
    try {
      byte[] bytes = base58(text);
      byte[] key = Arrays.copyOfRange(bytes, KIND_LENGTH, bytes.length);
      return switch ((bytes[0] & 0xff) << 8 | (bytes[1] & 0xff)) { // the kind is a varint
        case 0xed01 -> ed25519(key);
        case 0x8024 -> point(Curve.P_256, "P-256", key);
        case 0xe701 -> point(Curve.SECP256K1, "secp256k1", key);
        default -> throw new IllegalArgumentException("kind");
      };
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "DID URL: expected an Ed25519, P-256 or secp256k1 key in base58 (z...)");
    }
  }

  private static JWK ed25519(byte[] key) {
    if (key.length != 32) {
      throw new IllegalArgumentException("length");
    }
    return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(key)).build();
  }

  /** A point that is not on the curve is refused. */
  private static JWK point(Curve curve, String name, byte[] compressed) {
    if (compressed.length != 33) {
      throw new IllegalArgumentException("length");
    }
    ECPoint point = ECNamedCurveTable.getByName(name).getCurve().decodePoint(compressed);
    return new ECKey.Builder(
            curve,
            Base64URL.encode(point.getAffineXCoord().getEncoded()),
            Base64URL.encode(point.getAffineYCoord().getEncoded()))
        .build();
  }

  private static byte[] base58(String text) {
    if (text.length() > MAX_LENGTH || !text.startsWith("z")) {
      throw new IllegalArgumentException("form");
    }
    BigInteger number = BigInteger.ZERO;
    for (int at = 1; at < text.length(); at++) {
      int digit = DIGITS.indexOf(text.charAt(at));
      if (digit < 0) {
        throw new IllegalArgumentException("digit");
      }
      number = number.multiply(BASE).add(BigInteger.valueOf(digit));
    }
    byte[] bytes = number.toByteArray(); // no kind begins with a zero byte
    return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
  }
}
