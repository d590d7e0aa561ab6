// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentCodec;
import java.text.ParseException;
import java.util.Map;
import java.util.Optional;

/** A token as it came: read, and nothing of it believed. */
final class ReceiptToken {
  private static final JOSEObjectType TYPE = new JOSEObjectType(ReceiptVerifier.TYPE);

  private final SignedJWT jwt;
  private final JWTClaimsSet claims;

  private ReceiptToken(SignedJWT jwt, JWTClaimsSet claims) {
    this.jwt = jwt;
    this.claims = claims;
  }

  static ReceiptToken parse(String token) throws MalformedPaymentException {
    if (token.length() > PaymentCodec.MAX_HEADER_LENGTH) {
      throw new MalformedPaymentException(
          "receipt: longer than " + PaymentCodec.MAX_HEADER_LENGTH + " characters");
    }
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      JWTClaimsSet claims = jwt.getJWTClaimsSet();
      if (claims != null) {
        return new ReceiptToken(jwt, claims);
      }
    } catch (ParseException | IllegalArgumentException | IllegalStateException e) {
      throw malformed();
    }
    throw malformed();
  }

  private static MalformedPaymentException malformed() {
    return new MalformedPaymentException(
        ErrorReason.INVALID_RECEIPT, "receipt: expected a compact JWS with JSON claims");
  }

  Optional<String> issuer() {
    return Optional.ofNullable(claims.getIssuer());
  }

  /**
   * Returns what the token says, once its signature is known to be good.
   *
   * @throws IllegalArgumentException if a claim is missing or is not what it must be
   */
  SignedClaims signedClaims() {
    Map<String, Object> raw = jwt.getPayload().toJSONObject();
    if (raw == null || !StrictJson.isOneObject(jwt.getPayload().toString())) {
      throw new IllegalArgumentException("expected one object, no member twice, not nested deep");
    }
    return ReceiptJson.signedClaims(claims, raw);
  }

  /** Returns the name of its key, empty text where it has none. */
  String kid() {
    String kid = jwt.getHeader().getKeyID();
    return kid == null ? "" : kid;
  }

  /** Nothing is taken from the header but the name of a configured key. */
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
