// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.Payload;
import io.github.x402j.Settings;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import io.github.x402j.extension.TrustedSigners;
import java.text.ParseException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Signs the statements of the {@code offer-receipt} extension as compact JWS over canonical JSON.
 * The key's {@code kid} should be a DID URL that clients can match with the seller's origin. Safe
 * for use by several threads.
 */
public final class JwsStatements implements OfferReceiptSigner {
  /** The value of {@code format}. */
  public static final String FORMAT = "jws";

  /** Escapes as RFC 8785 wants it: in lower case. */
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE).build();

  private final SigningKey key;
  private final JWSSigner signer;

  private JwsStatements(SigningKey key, JWSSigner signer) {
    this.key = key;
    this.signer = signer;
  }

  /**
   * Returns a signer of statements, after a signature that it made and verified.
   *
   * @throws IllegalStateException if the key does not work here
   */
  public static JwsStatements of(SigningKey key) {
    try {
      JwsStatements statements = new JwsStatements(key, key.signer());
      JWSObject test = JWSObject.parse(statements.sign(Map.of("version", 1L)));
      if (!test.verify(key.verifier())) {
        throw new IllegalStateException("what " + key + " signs does not verify");
      }
      return statements;
    } catch (JOSEException | ParseException | NoClassDefFoundError e) {
      throw new IllegalStateException(key + " does not work here", e);
    }
  }

  /**
   * Returns trust in what these keys sign, for {@link
   * io.github.x402j.extension.OfferReceiptVerifier}.
   *
   * @param jwks the seller's public keys, a JWK set
   * @throws IllegalArgumentException if it is not a JWK set, or no key fits the algorithm
   */
  public static TrustedSigners trusting(@Nullable String jwks, ReceiptAlgorithm algorithm) {
    Map<String, JWSVerifier> keys =
        IssuerKeys.verifiers(Settings.require("keys: jwks", "a JWK set", jwks), algorithm);
    return new TrustedSigners() {
      @Override
      public Optional<Map<String, Object>> offer(Map<String, Object> signed) {
        return members(signed, keys, algorithm);
      }

      @Override
      public Optional<Map<String, Object>> receipt(Map<String, Object> signed) {
        return members(signed, keys, algorithm);
      }
    };
  }

  private static Optional<Map<String, Object>> members(
      Map<String, Object> signed, Map<String, JWSVerifier> keys, ReceiptAlgorithm algorithm) {
    if (!FORMAT.equals(signed.get("format"))
        || !(signed.get("signature") instanceof String signature)
        || signed.containsKey("payload")) {
      return Optional.empty();
    }
    try {
      JWSObject jws = JWSObject.parse(signature);
      JWSHeader header = jws.getHeader();
      JWSVerifier verifier = header.getKeyID() == null ? null : keys.get(header.getKeyID());
      boolean genuine =
          verifier != null
              && header.getAlgorithm().equals(algorithm.jws())
              && header.getCriticalParams() == null
              && jws.verify(verifier);
      return genuine ? Optional.ofNullable(jws.getPayload().toJSONObject()) : Optional.empty();
    } catch (ParseException | JOSEException | RuntimeException e) {
      return Optional.empty(); // as in ReceiptToken: Nimbus throws anything for what it cannot read
    }
  }

  @Override
  public Map<String, Object> sign(OfferStatement offer) {
    return Map.of("format", FORMAT, "signature", sign(offer.toMembers()));
  }

  @Override
  public Map<String, Object> sign(ReceiptStatement receipt) {
    return Map.of("format", FORMAT, "signature", sign(receipt.toMembers()));
  }

  private String sign(Map<String, Object> members) {
    JWSObject jws =
        new JWSObject(
            new JWSHeader.Builder(key.algorithm().jws()).keyID(key.kid()).build(),
            new Payload(canonicalJson(members)));
    try {
      jws.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the statement could not be signed", e);
    }
    return jws.serialize();
  }

  /**
   * Returns a flat object of texts and whole numbers in the one spelling of RFC 8785: members in
   * the order of their UTF-16 code units, which is that of {@link String}.
   */
  static String canonicalJson(Map<String, Object> members) {
    members.forEach(
        (name, value) -> {
          if (!(value instanceof String)
              && !(value instanceof Long number && Math.abs(number) < 1L << 53)) {
            throw new IllegalArgumentException(name + ": expected text or a whole number");
          }
        });
    try {
      return JSON.writeValueAsString(new TreeMap<>(members));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the statement could not be written", e);
    }
  }
}
