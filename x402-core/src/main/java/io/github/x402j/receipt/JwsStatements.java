// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import io.github.x402j.extension.OfferReceiptSigner;
import io.github.x402j.extension.OfferStatement;
import io.github.x402j.extension.ReceiptStatement;
import java.text.ParseException;
import java.util.Map;

/**
 * Signs the statements of the {@code offer-receipt} extension as compact JWS over canonical JSON.
 * The key's {@code kid} should be a DID URL that clients can hold against the seller's origin. Safe
 * for use by several threads.
 */
public final class JwsStatements implements OfferReceiptSigner {
  /** What stands in {@code format}. */
  public static final String FORMAT = "jws";

  private final SigningKey key;
  private final JWSSigner signer;

  private JwsStatements(SigningKey key, JWSSigner signer) {
    this.key = key;
    this.signer = signer;
  }

  /**
   * Returns a signer of statements, which has signed and verified once.
   *
   * @throws IllegalStateException if the key does not work here
   */
  public static JwsStatements of(SigningKey key) {
    try {
      JwsStatements statements = new JwsStatements(key, Keys.signer(key.key(), key.algorithm()));
      JWSObject test = JWSObject.parse(statements.sign(Map.of("version", 1L)));
      if (!test.verify(Keys.verifier(key.key().toPublicJWK(), key.algorithm()))) {
        throw new IllegalStateException("what " + key + " signs does not verify");
      }
      return statements;
    } catch (JOSEException | ParseException | NoClassDefFoundError e) {
      throw new IllegalStateException(key + " does not work here", e);
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
            new Payload(CanonicalJson.write(members)));
    try {
      jws.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the statement could not be signed", e);
    }
    return jws.serialize();
  }
}
