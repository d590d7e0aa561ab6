// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import io.github.x402j.Address;
import io.github.x402j.gate.Sale;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** A payment network that signs what it is asked to sign, good or not. */
final class Network402 {
  static final String ISSUER = "https://pay.example";
  static final String AUDIENCE = "https://shop.example";
  static final String TX = "0x" + "ab".repeat(32);
  static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  static final SigningKey KEY = SigningKey.generated(ReceiptAlgorithm.ES256);
  static final ReceiptIssuer SIGNER = issuer(KEY);

  private Network402() {}

  static ReceiptIssuer issuer(SigningKey key) {
    return ReceiptIssuer.builder(ISSUER, AUDIENCE).key(key).clock(Sale.CLOCK).build();
  }

  static TrustedIssuer.Builder trusted(ReceiptIssuer issuer) {
    return TrustedIssuer.builder(ISSUER, AUDIENCE, issuer.algorithm()).jwks(issuer.jwks());
  }

  static Receipt receipt(String id) {
    return receipt(id, Sale.URL, "GET", false, OptionalLong.empty());
  }

  static Receipt receipt(String id, String route, String method, boolean pass, OptionalLong uses) {
    Instant now = Sale.NOW;
    return new Receipt(
        ISSUER,
        AUDIENCE,
        PAYER,
        id,
        now,
        now.plusSeconds(600),
        TX,
        Sale.OFFER.network(),
        Sale.OFFER.asset(),
        Sale.OFFER.amount(),
        Sale.PAY_TO,
        route,
        method,
        pass,
        uses);
  }

  static String token(String id) {
    return SIGNER.sign(receipt(id));
  }

  /** The claims of a good receipt, changed. */
  static Map<String, Object> claims(Consumer<Map<String, Object>> change) {
    Map<String, Object> claims =
        new LinkedHashMap<>(ReceiptClaims.claims(receipt("1")).toJSONObject());
    claims.put("x402", new LinkedHashMap<>((Map<?, ?>) claims.get("x402")));
    change.accept(claims);
    return claims;
  }

  @SuppressWarnings("unchecked")
  static void x402(Map<String, Object> claims, String name, Object value) {
    ((Map<String, Object>) claims.get("x402")).put(name, value);
  }

  @SuppressWarnings("unchecked")
  static void dropX402(Map<String, Object> claims, String name) {
    ((Map<String, Object>) claims.get("x402")).remove(name);
  }

  static String signed(Map<String, Object> claims) throws Exception {
    return signed(header(), new Payload(claims));
  }

  static String signed(JWSHeader header, Payload payload) throws Exception {
    JWSObject token = new JWSObject(header, payload);
    token.sign(KEY.signer());
    return token.serialize();
  }

  static JWSHeader header() {
    return builder().build();
  }

  static JWSHeader.Builder builder() {
    return new JWSHeader.Builder(KEY.algorithm().jws())
        .type(new JOSEObjectType(ReceiptVerifier.TYPE))
        .keyID(KEY.kid());
  }
}
