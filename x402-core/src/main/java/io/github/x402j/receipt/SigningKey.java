// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A private key that signs receipts, with its algorithm and its name ({@code kid}). Immutable;
 * shows the key nowhere.
 */
public final class SigningKey {
  private static final Logger log = LoggerFactory.getLogger(SigningKey.class);
  private static final int RSA_BITS = 2048;

  private final JWK key;
  private final ReceiptAlgorithm algorithm;

  private SigningKey(JWK key, ReceiptAlgorithm algorithm) {
    if (!key.isPrivate()) {
      throw new IllegalArgumentException("signing key: expected a private key, found a public one");
    }
    if (!Keys.fits(key, algorithm)) {
      throw new IllegalArgumentException(
          "signing key: the key does not fit " + algorithm.wireName() + ", or is too short");
    }
    if (key.getKeyID() == null || key.getKeyID().isEmpty()) {
      throw new IllegalArgumentException("signing key: it has no kid");
    }
    this.key = key;
    this.algorithm = algorithm;
  }

  /**
   * Returns the key in a JWK.
   *
   * @param json a private JWK with {@code kid}
   * @throws IllegalArgumentException if it is not one, or does not fit; the message repeats none of
   *     it
   */
  public static SigningKey jwk(String json, ReceiptAlgorithm algorithm) {
    try {
      return new SigningKey(JWK.parse(json), algorithm);
    } catch (ParseException e) {
      throw new IllegalArgumentException("signing key: expected a JWK");
    }
  }

  /** Returns the key in a file that holds a JWK. */
  public static SigningKey fromJwkFile(Path file, ReceiptAlgorithm algorithm) {
    try {
      return jwk(Files.readString(file), algorithm);
    } catch (IOException e) {
      throw new IllegalArgumentException("key file " + file + ": cannot be read");
    }
  }

  /**
   * Returns the key in a PEM file with a PKCS #8 private key that is not encrypted.
   *
   * @param kid the name to publish it under
   */
  public static SigningKey fromPem(Path file, ReceiptAlgorithm algorithm, String kid) {
    return new SigningKey(PemKeys.privateKey(file, kid), algorithm);
  }

  /** Returns a new key that ends with this process; for demonstrations, and says so in the log. */
  public static SigningKey generated(ReceiptAlgorithm algorithm) {
    log.warn(
        "signing receipts with a key that was generated now: receipts are worth nothing after a"
            + " restart; configure a key of your own");
    try {
      return new SigningKey(generate(algorithm), algorithm);
    } catch (JOSEException | IOException e) {
      throw new IllegalStateException("no " + algorithm.wireName() + " key can be made here", e);
    }
  }

  private static JWK generate(ReceiptAlgorithm algorithm) throws JOSEException, IOException {
    return switch (algorithm) {
      case ES256 -> new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
      case ES256K ->
          new ECKeyGenerator(Curve.SECP256K1)
              .provider(Keys.BOUNCY_CASTLE)
              .keyIDFromThumbprint(true)
              .generate();
      case EDDSA -> {
        Ed25519PrivateKeyParameters key = new Ed25519PrivateKeyParameters(new SecureRandom());
        String kid = PemKeys.jwk(key, "unnamed").computeThumbprint().toString();
        yield PemKeys.jwk(key, kid);
      }
      case RS256 -> new RSAKeyGenerator(RSA_BITS).keyIDFromThumbprint(true).generate();
    };
  }

  /** Returns the algorithm. */
  public ReceiptAlgorithm algorithm() {
    return algorithm;
  }

  /** Returns the key's name in headers and in the JWK set. */
  public String kid() {
    return key.getKeyID();
  }

  /** Returns the private half, for the signer only. */
  JWK key() {
    return key;
  }

  /** Returns the public half as a member of a JWK set. */
  Map<String, Object> publicJwk() {
    Map<String, Object> jwk = new LinkedHashMap<>(key.toPublicJWK().toJSONObject());
    jwk.put("alg", algorithm.wireName());
    jwk.put("use", KeyUse.SIGNATURE.identifier());
    return jwk;
  }

  /** Names the key; does not show it. */
  @Override
  public String toString() {
    return "SigningKey[" + algorithm.wireName() + ", kid " + kid() + ", key redacted]";
  }
}
