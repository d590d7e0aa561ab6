// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Ed25519Keys;
import io.github.x402j.Settings;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A private key as people paste it: with quotes around it, with {@code \n} in place of the line
 * breaks, from {@code openssl} or from a facilitator's page. What cannot be read is refused with
 * what to do. No message repeats any of it.
 */
final class PastedKey {
  static final String ED25519 = Ed25519Keys.ALGORITHM;
  static final String EC = "EC";

  private static final int SEED = 32;
  private static final Pattern PEM =
      Pattern.compile("(?s)-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \\1-----");
  private static final BigInteger P256_ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  /** In PKCS#8: version 0, an elliptic curve, P-256 (RFC 5915 holds what follows). */
  private static final byte[] P256_HEAD = hex("020100301306072a8648ce3d020106082a8648ce3d030107");

  private static final byte[] P256_OID = hex("06082a8648ce3d030107");

  private PastedKey() {}

  /**
   * Returns the key: Ed25519 (64 bytes in base64, or PKCS#8) or P-256 (PKCS#8, or SEC 1).
   *
   * @param setting what messages call it
   * @throws IllegalArgumentException if it is none of these
   */
  static PrivateKey read(String setting, @Nullable String pasted) {
    String text = cleaned(Settings.require(setting, "a private key", pasted));
    Matcher pem = PEM.matcher(text);
    try {
      while (pem.find()) {
        if (pem.group(1).equals("EC PARAMETERS")) {
          continue; // openssl writes them in front of the key
        }
        return ofPem(setting, pem.group(1), base64(setting, pem.group(2)));
      }
      if (text.contains("-----BEGIN")) {
        throw refused(setting, "the PEM text is cut off; paste it to its last line");
      }
      if (text.startsWith("{")) {
        throw refused(setting, "it is a JSON file; paste the value of its privateKey alone");
      }
      return ofSeedAndPublicKey(setting, base64(setting, text));
    } catch (GeneralSecurityException e) {
      throw refused(setting, "the key is damaged");
    }
  }

  /**
   * Returns the Ed25519 key in the base64 of its PKCS#8 encoding, without PEM lines.
   *
   * @param prefix may stand in front
   */
  static PrivateKey readPkcs8(String setting, String prefix, @Nullable String pasted) {
    String text = cleaned(Settings.require(setting, "a private key", pasted));
    byte[] der = base64(setting, text.startsWith(prefix) ? text.substring(prefix.length()) : text);
    try {
      return pkcs8(ED25519, der);
    } catch (GeneralSecurityException e) {
      throw refused(setting, "expected an Ed25519 key as base64 of PKCS#8");
    }
  }

  /** Environment files and dashboards keep a text on one line. */
  private static String cleaned(String pasted) {
    String text = pasted.strip();
    if (text.length() > 1
        && (text.startsWith("\"") || text.startsWith("'"))
        && text.endsWith(text.substring(0, 1))) {
      text = text.substring(1, text.length() - 1);
    }
    return text.replace("\\r", "\n").replace("\\n", "\n").strip();
  }

  private static PrivateKey ofPem(String setting, String kind, byte[] der)
      throws GeneralSecurityException {
    return switch (kind) {
      case "PRIVATE KEY" -> ofPkcs8(setting, der);
      case "EC PRIVATE KEY" -> ofSec1(setting, der);
      case "ENCRYPTED PRIVATE KEY" ->
          throw refused(
              setting,
              "the key has a password; decrypt it: openssl pkcs8 -in key.pem -out new.pem");
      case "OPENSSH PRIVATE KEY" ->
          throw refused(
              setting, "it is an SSH key; convert it: ssh-keygen -p -N '' -m PKCS8 -f key.pem");
      case "PUBLIC KEY", "CERTIFICATE" ->
          throw refused(setting, "it is a public key; paste the private one");
      default ->
          throw refused(
              setting, "convert it: openssl pkcs8 -topk8 -nocrypt -in key.pem -out new.pem");
    };
  }

  private static PrivateKey ofPkcs8(String setting, byte[] der) throws GeneralSecurityException {
    try {
      return pkcs8(ED25519, der);
    } catch (GeneralSecurityException e) {
      return p256(setting, der);
    }
  }

  private static PrivateKey p256(String setting, byte[] der) throws GeneralSecurityException {
    try {
      if (pkcs8(EC, der) instanceof ECPrivateKey key
          && key.getParams().getOrder().equals(P256_ORDER)) {
        return key;
      }
    } catch (InvalidKeySpecException e) {
      throw refused(setting, "expected a key of Ed25519 or P-256, or it is damaged");
    }
    throw refused(setting, "it is a key of another curve; expected Ed25519 or P-256");
  }

  private static PrivateKey pkcs8(String algorithm, byte[] der) throws GeneralSecurityException {
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
  }

  /** Puts what {@code openssl ecparam -genkey} writes into PKCS#8, which the JDK reads. */
  private static PrivateKey ofSec1(String setting, byte[] sec1) throws GeneralSecurityException {
    if (!contains(sec1, P256_OID)) {
      throw refused(setting, "it is a key of another curve; expected Ed25519 or P-256");
    }
    return p256(setting, der(0x30, joined(P256_HEAD, der(0x04, sec1))));
  }

  private static PrivateKey ofSeedAndPublicKey(String setting, byte[] bytes)
      throws GeneralSecurityException {
    if (bytes.length != 2 * SEED) {
      throw refused(
          setting,
          "expected PEM, or base64 of 64 bytes (Ed25519), found base64 of " + bytes.length);
    }
    PrivateKey key = Ed25519Keys.privateKey(Arrays.copyOf(bytes, SEED));
    byte[] publicKey = Arrays.copyOfRange(bytes, SEED, 2 * SEED);
    if (!belongTogether(key, Ed25519Keys.publicKey(publicKey))) {
      throw refused(setting, "the two halves of the key do not belong together; paste it again");
    }
    return key;
  }

  private static boolean belongTogether(PrivateKey key, PublicKey publicKey)
      throws GeneralSecurityException {
    byte[] text = "x402j".getBytes(UTF_8);
    Signature signature = Signature.getInstance(ED25519);
    signature.initSign(key);
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(text);
    return signature.verify(signed);
  }

  private static byte[] base64(String setting, String text) {
    try {
      return Base64.getDecoder().decode(text.replaceAll("\\s", ""));
    } catch (IllegalArgumentException e) {
      throw refused(setting, "expected PEM or base64; is it cut off?");
    }
  }

  private static IllegalArgumentException refused(String setting, String why) {
    return new IllegalArgumentException(setting + ": " + why);
  }

  /** One element; none here is longer than 255 bytes. */
  private static byte[] der(int tag, byte[] content) throws InvalidKeyException {
    if (content.length > 255) {
      throw new InvalidKeyException("too long");
    }
    byte[] head =
        content.length < 128
            ? new byte[] {(byte) tag, (byte) content.length}
            : new byte[] {(byte) tag, (byte) 0x81, (byte) content.length};
    return joined(head, content);
  }

  private static byte[] joined(byte[] one, byte[] other) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(one);
    both.writeBytes(other);
    return both.toByteArray();
  }

  private static boolean contains(byte[] bytes, byte[] part) {
    HexFormat hex = HexFormat.of();
    return hex.formatHex(bytes).contains(hex.formatHex(part));
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
