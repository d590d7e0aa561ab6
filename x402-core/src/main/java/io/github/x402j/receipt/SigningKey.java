// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.github.x402j.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A private key that signs receipts, with its algorithm and its name ({@code kid}). Only {@link
 * #toJwk} shows the key. Immutable.
 */
public final class SigningKey {
  private static final Logger log = LoggerFactory.getLogger(SigningKey.class);

  private final JWK key;
  private final ReceiptAlgorithm algorithm;

  private SigningKey(JWK key, ReceiptAlgorithm algorithm) {
    if (!key.isPrivate()) {
      throw new IllegalArgumentException("signing key: expected a private key, found a public one");
    }
    if (!algorithm.fits(key)) {
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
   * @throws IllegalArgumentException if it is not a private JWK, or does not fit; the message
   *     repeats none of it
   */
  public static SigningKey fromJwk(@Nullable String json, ReceiptAlgorithm algorithm) {
    String text = Settings.require("signing key", "a JWK", json);
    try {
      return new SigningKey(JWK.parse(text), algorithm);
    } catch (ParseException e) {
      throw new IllegalArgumentException("signing key: expected a JWK");
    }
  }

  /**
   * Returns the key in a JWK file, as for its text. The command {@code x402 receipt key} makes one.
   */
  public static SigningKey fromJwkFile(Path file, ReceiptAlgorithm algorithm) {
    try {
      return fromJwk(Files.readString(file), algorithm);
    } catch (IOException e) {
      throw new IllegalArgumentException("key file " + file + ": cannot be read");
    }
  }

  /**
   * Returns a new key; keep what {@link #toJwk} returns where only the seller can read it.
   *
   * @param kid the name to publish it under
   */
  public static SigningKey generate(ReceiptAlgorithm algorithm, @Nullable String kid) {
    String name = Settings.require("kid", "the name to publish the key under", kid);
    return generate(algorithm, key -> name);
  }

  /**
   * Returns a new key that ends with this process, under its thumbprint (RFC 7638). For
   * demonstrations: it logs a warning.
   */
  public static SigningKey generated(ReceiptAlgorithm algorithm) {
    log.warn(
        "receipts are signed with a key that was generated now: no receipt is accepted after a"
            + " restart; configure a key of your own");
    return generate(algorithm, key -> key.computeThumbprint().toString());
  }

  /** The name of a generated key. */
  private interface Name {
    String of(JWK key) throws JOSEException;
  }

  private static SigningKey generate(ReceiptAlgorithm algorithm, Name name) {
    try {
      JWK key = algorithm.generate();
      Map<String, Object> named = new LinkedHashMap<>(key.toJSONObject());
      named.put("kid", name.of(key));
      return new SigningKey(JWK.parse(named), algorithm);
    } catch (JOSEException | ParseException e) {
      throw new IllegalStateException(
          "no " + algorithm.wireName() + " key can be generated here", e);
    }
  }

  /** Returns the private key as the JSON text of a JWK: a secret. */
  public String toJwk() {
    Map<String, Object> jwk = new LinkedHashMap<>(key.toJSONObject());
    jwk.put("alg", algorithm.wireName());
    return JSONObjectUtils.toJSONString(jwk);
  }

  /** Returns the algorithm. */
  public ReceiptAlgorithm algorithm() {
    return algorithm;
  }

  /** Returns the key's name in headers and in the JWK set. */
  public String kid() {
    return key.getKeyID();
  }

  JWSSigner signer() throws JOSEException {
    return algorithm.signer(key);
  }

  JWSVerifier verifier() throws JOSEException {
    return algorithm.verifier(key.toPublicJWK());
  }

  JWK publicKey() {
    return key.toPublicJWK();
  }

  /** Returns the public key as a member of a JWK set. */
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
