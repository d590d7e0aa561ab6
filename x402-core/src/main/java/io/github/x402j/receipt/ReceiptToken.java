// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import java.io.IOException;
import java.text.ParseException;
import java.util.Map;
import java.util.Optional;

/** A token as it came: parsed, and not trusted before {@link #isSignedBy}. */
final class ReceiptToken {
  private static final JOSEObjectType TYPE = new JOSEObjectType(ReceiptVerifier.TYPE);
  private static final int MAX_LENGTH = 8192;
  private static final int MAX_DEPTH = 16;
  private static final JsonFactory STRICT_JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
          .build();

  private final SignedJWT jwt;
  private final JWTClaimsSet claims;

  private ReceiptToken(SignedJWT jwt, JWTClaimsSet claims) {
    this.jwt = jwt;
    this.claims = claims;
  }

  static ReceiptToken parse(String token) throws MalformedPaymentException {
    if (token.length() > MAX_LENGTH) {
      throw new MalformedPaymentException("receipt: longer than " + MAX_LENGTH + " characters");
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      if (claims == null) {
        throw malformed();
      }
      return new ReceiptToken(jwt, claims);
    } catch (ParseException | RuntimeException e) {
      throw malformed(); // Nimbus lets exceptions of every kind through for what it cannot read
    }
  }

  private static MalformedPaymentException malformed() {
    return new MalformedPaymentException(
        ErrorReason.INVALID_RECEIPT, "receipt: expected a compact JWS with JSON claims");
  }

  Optional<String> issuer() {
    return Optional.ofNullable(claims.getIssuer());
  }

  /**
   * Returns the claims; call it after {@link #isSignedBy}.
   *
   * @throws IllegalArgumentException if a claim is missing or malformed
   */
  VerifiedTokens.Entry signedBy(JWSVerifier key) {
    Map<String, Object> raw = jwt.getPayload().toJSONObject();
    if (raw == null || !hasOneReading(jwt.getPayload().toString())) {
      throw new IllegalArgumentException("expected one object, no member twice, not nested deep");
    }
    return new VerifiedTokens.Entry(
        ReceiptClaims.receipt(claims, raw), ReceiptClaims.notBefore(raw), kid(), key);
  }

  /**
   * Returns whether the text is one JSON object with one reading. Nimbus keeps the last of two
   * members with one name; the issuer may have meant the first.
   */
  private static boolean hasOneReading(String text) {
    try (JsonParser parser = STRICT_JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      parser.skipChildren();
      return parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the name of its key, an empty text without one. */
  String kid() {
    String kid = jwt.getHeader().getKeyID();
    return kid == null ? "" : kid;
  }

  /** Returns what is wrong with the header. Only the name of a configured key is taken from it. */
  Optional<String> wrongHeader(TrustedIssuer issuer) {
    JWSHeader header = jwt.getHeader();
    if (!header.getAlgorithm().equals(issuer.algorithm().jws())) {
      return Optional.of("alg: expected " + issuer.algorithm().wireName());
    }
    if (!TYPE.equals(header.getType())) {
      return Optional.of("typ: expected " + ReceiptVerifier.TYPE);
    }
    if (header.getCriticalParams() != null || !header.isBase64URLEncodePayload()) {
      return Optional.of("crit, b64: not supported");
    }
    if (header.getJWK() != null
        || header.getJWKURL() != null
        || header.getX509CertURL() != null
        || header.getX509CertChain() != null) {
      return Optional.of("jwk, jku, x5u, x5c: keys are not taken from tokens");
    }
    return header.getKeyID() == null ? Optional.of("kid: missing") : Optional.empty();
  }

  boolean isSignedBy(JWSVerifier key) {
    try {
      return jwt.verify(key);
    } catch (JOSEException | IllegalStateException e) {
      return false; // a signature that the algorithm cannot have
    }
  }
}
