// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.Settings;
import java.net.URI;
import java.security.PrivateKey;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of the facilitator of PayAI: a signed token, good for two minutes and for every
 * endpoint. Without credentials that facilitator has a free tier.
 *
 * <p>Safe for use by several threads.
 */
public final class PayAiAuthentication implements HttpFacilitator.Authentication {
  /** Where the facilitator is. */
  public static final URI URL = URI.create("https://facilitator.payai.network");

  private static final long GOOD_FOR_SECONDS = 120;
  private static final long RENEWED_BEFORE_SECONDS = 30;
  private static final String PREFIX = "payai_sk_";

  private final String keyId;
  private final PrivateKey key;
  private final Clock clock;
  private volatile @Nullable Token token;

  private record Token(String text, Instant renewAt) {}

  PayAiAuthentication(String keyId, PrivateKey key, Clock clock) {
    this.keyId = keyId;
    this.key = key;
    this.clock = clock;
  }

  /**
   * Returns the credentials of an API key.
   *
   * @param keyId the id of the key
   * @param keySecret the private key as PayAI shows it, with or without {@code payai_sk_}
   * @throws IllegalArgumentException if one of them is null, blank or no key; the message repeats
   *     none of it
   */
  public static PayAiAuthentication of(@Nullable String keyId, @Nullable String keySecret) {
    return new PayAiAuthentication(
        Settings.require("PayAI key id", "the id of an API key", keyId).strip(),
        PastedKey.readPkcs8("PayAI key secret", PREFIX, keySecret),
        Clock.systemUTC());
  }

  @Override
  public Map<String, String> headers(String method, URI endpoint) {
    Instant now = clock.instant();
    Token current = token;
    if (current == null || !now.isBefore(current.renewAt())) {
      current = new Token(sign(now), now.plusSeconds(GOOD_FOR_SECONDS - RENEWED_BEFORE_SECONDS));
      token = current;
    }
    return Map.of("Authorization", "Bearer " + current.text());
  }

  private String sign(Instant now) {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("alg", Jwt.algorithmOf(key));
    header.put("typ", "JWT");
    header.put("kid", keyId);
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", keyId);
    claims.put("iss", "payai-merchant");
    claims.put("iat", now.getEpochSecond());
    claims.put("exp", now.getEpochSecond() + GOOD_FOR_SECONDS);
    claims.put("jti", UUID.randomUUID().toString());
    return Jwt.sign(header, claims, key);
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "PayAiAuthentication[redacted]";
  }
}
