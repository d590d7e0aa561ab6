// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/** Ed25519 keys of the JDK, by their 32 bytes. All methods are pure functions. */
public final class Ed25519Keys {
  /** The name of keys and signatures in the JDK. */
  public static final String ALGORITHM = "Ed25519";

  private static final int LENGTH = 32;

  /** The DER encodings of keys up to their 32 bytes (RFC 8410). */
  private static final byte[] PRIVATE_PREFIX =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private static final byte[] PUBLIC_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  private Ed25519Keys() {}

  /**
   * Returns the private key of these bytes.
   *
   * @throws GeneralSecurityException if they are no key, or the JDK has no Ed25519
   */
  public static PrivateKey privateKey(byte[] seed) throws GeneralSecurityException {
    return KeyFactory.getInstance(ALGORITHM)
        .generatePrivate(new PKCS8EncodedKeySpec(joined(PRIVATE_PREFIX, seed)));
  }

  /**
   * Returns the public key of these bytes.
   *
   * @throws GeneralSecurityException if they are no key, or the JDK has no Ed25519
   */
  public static PublicKey publicKey(byte[] key) throws GeneralSecurityException {
    return KeyFactory.getInstance(ALGORITHM)
        .generatePublic(new X509EncodedKeySpec(joined(PUBLIC_PREFIX, key)));
  }

  /**
   * Returns the bytes of a key, of either kind.
   *
   * @throws GeneralSecurityException if the JDK encodes it in another way
   */
  public static byte[] bytes(Key key) throws GeneralSecurityException {
    byte[] prefix = key instanceof PrivateKey ? PRIVATE_PREFIX : PUBLIC_PREFIX;
    byte[] der = key.getEncoded();
    if (der.length != prefix.length + LENGTH
        || !Arrays.equals(prefix, Arrays.copyOf(der, prefix.length))) {
      throw new InvalidKeySpecException("the JDK encodes Ed25519 keys in another way");
    }
    return Arrays.copyOfRange(der, prefix.length, der.length);
  }

  private static byte[] joined(byte[] prefix, byte[] key) throws InvalidKeySpecException {
    if (key.length != LENGTH) {
      throw new InvalidKeySpecException("an Ed25519 key has 32 bytes");
    }
    byte[] all = Arrays.copyOf(prefix, prefix.length + LENGTH);
    System.arraycopy(key, 0, all, prefix.length, LENGTH);
    return all;
  }
}
