// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jwt.JWTClaimsSet;
import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.TokenAmount;
import java.math.BigDecimal;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The claims of a receipt, written and read. */
final class ReceiptClaims {
  /** The end of the year 9999. */
  private static final BigDecimal MAX_SECONDS = BigDecimal.valueOf(253_402_300_799L);

  private ReceiptClaims() {}

  static JWTClaimsSet claims(Receipt receipt) {
    Map<String, Object> x402 = new LinkedHashMap<>();
    x402.put("tx", receipt.transaction());
    x402.put("network", receipt.network().caip2());
    x402.put("asset", receipt.asset().text());
    x402.put("amount", receipt.amount().toString());
    x402.put("payTo", receipt.payTo().text());
    x402.put("route", receipt.route());
    x402.put("method", receipt.method());
    if (receipt.isPass()) {
      x402.put("pass", true);
    }
    receipt.uses().ifPresent(uses -> x402.put("uses", uses));
    return new JWTClaimsSet.Builder()
        .issuer(receipt.issuer())
        .audience(receipt.audience())
        .subject(receipt.payer().text())
        .jwtID(receipt.id())
        .issueTime(Date.from(receipt.issuedAt()))
        .expirationTime(Date.from(receipt.expiresAt()))
        .claim("x402", x402)
        .build();
  }

  /**
   * Returns the receipt that the claims describe.
   *
   * @param raw the same claims as they stand in the token: a number too large for a date has
   *     wrapped around in {@code claims}
   * @throws IllegalArgumentException if a claim is missing or malformed
   */
  static Receipt receipt(JWTClaimsSet claims, Map<String, Object> raw) {
    List<String> audience = claims.getAudience();
    if (audience.size() != 1) {
      throw new IllegalArgumentException("aud: expected exactly one audience");
    }
    Map<String, Object> x402;
    try {
      x402 = claims.getJSONObjectClaim("x402");
    } catch (ParseException e) {
      x402 = null;
    }
    if (x402 == null) {
      throw new IllegalArgumentException("x402: expected an object");
    }
    return new Receipt(
        required("iss", claims.getIssuer()),
        required("aud", audience.get(0)),
        Address.parse(required("sub", claims.getSubject())),
        required("jti", claims.getJWTID()),
        instant(raw, "iat"),
        instant(raw, "exp"),
        text(x402, "tx"),
        Network.parse(text(x402, "network")),
        Address.parse(text(x402, "asset")),
        TokenAmount.parse(text(x402, "amount")),
        Address.parse(text(x402, "payTo")),
        text(x402, "route"),
        text(x402, "method"),
        isPass(x402),
        uses(x402));
  }

  private static boolean isPass(Map<String, Object> x402) {
    Object pass = x402.get("pass");
    if (pass != null && !(pass instanceof Boolean)) {
      throw new IllegalArgumentException("x402.pass: expected true or false");
    }
    return Boolean.TRUE.equals(pass);
  }

  private static OptionalLong uses(Map<String, Object> x402) {
    if (!x402.containsKey("uses")) {
      return OptionalLong.empty();
    }
    if (x402.get("uses") instanceof Long uses) {
      return OptionalLong.of(uses);
    }
    throw new IllegalArgumentException("x402.uses: expected a whole number");
  }

  private static String text(Map<String, Object> x402, String name) {
    if (x402.get(name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw new IllegalArgumentException("x402." + name + ": expected text");
  }

  /** Returns from when the receipt is valid, null without {@code nbf}. */
  static @Nullable Instant notBefore(Map<String, Object> raw) {
    return raw.containsKey("nbf") ? instant(raw, "nbf") : null;
  }

  /** Seconds since 1970, without their fraction (RFC 7519, section 2). */
  private static Instant instant(Map<String, Object> raw, String name) {
    if (raw.get(name) instanceof Number number) {
      BigDecimal seconds = new BigDecimal(number.toString());
      if (seconds.signum() >= 0 && seconds.compareTo(MAX_SECONDS) <= 0) {
        return Instant.ofEpochSecond(seconds.longValue());
      }
    }
    throw new IllegalArgumentException(name + ": expected seconds since 1970");
  }

  private static String required(String name, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      throw new IllegalArgumentException(name + ": missing");
    }
    return value;
  }
}
