// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.Settings;
import java.net.URI;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of the facilitator of the Coinbase Developer Platform: one signed token for each
 * request, good for two minutes, for its method and URL alone.
 *
 * <pre>{@code
 * HttpFacilitator.builder(CdpAuthentication.URL, EvmLocalChecks.withoutChain())
 *     .authentication(
 *         CdpAuthentication.of(System.getenv("CDP_API_KEY_ID"), System.getenv("CDP_API_KEY_SECRET")))
 *     .build();
 * }</pre>
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class CdpAuthentication implements HttpFacilitator.Authentication {
  /** Where the facilitator is. */
  public static final URI URL = URI.create("https://api.cdp.coinbase.com/platform/v2/x402");

  private static final long GOOD_FOR_SECONDS = 120;
  private static final int NONCE_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String keyId;
  private final PrivateKey key;
  private final Clock clock;
  private final Supplier<byte[]> nonces;

  /**
   * @param nonces makes 16 bytes for each token
   */
  CdpAuthentication(String keyId, PrivateKey key, Clock clock, Supplier<byte[]> nonces) {
    this.keyId = keyId;
    this.key = key;
    this.clock = clock;
    this.nonces = nonces;
  }

  /**
   * Returns the credentials of an API key.
   *
   * @param keyId the id or name of the key
   * @param keySecret the private key as the platform shows it: base64 of an Ed25519 key, or PEM of
   *     a P-256 key ({@code PRIVATE KEY} or {@code EC PRIVATE KEY}). Quotes around it and {@code
   *     \n} in place of line breaks are understood
   * @throws IllegalArgumentException if one of them is null, blank or no key; the message says what
   *     to do, and repeats none of it
   */
  public static CdpAuthentication of(@Nullable String keyId, @Nullable String keySecret) {
    return new CdpAuthentication(
        Settings.require("CDP key id", "the id of an API key", keyId).strip(),
        PastedKey.read("CDP key secret", keySecret),
        Clock.systemUTC(),
        CdpAuthentication::random);
  }

  private static byte[] random() {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  @Override
  public Map<String, String> headers(String method, URI endpoint) {
    Map<String, Object> header = new LinkedHashMap<>();
    header.put("alg", Jwt.algorithmOf(key));
    header.put("kid", keyId);
    header.put("typ", "JWT");
    header.put("nonce", HexFormat.of().formatHex(nonces.get()));
    long now = clock.instant().getEpochSecond();
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", keyId);
    claims.put("iss", "cdp");
    claims.put("uris", List.of(method + " " + endpoint.getAuthority() + endpoint.getRawPath()));
    claims.put("iat", now);
    claims.put("nbf", now);
    claims.put("exp", now + GOOD_FOR_SECONDS);
    return Map.of("Authorization", "Bearer " + Jwt.sign(header, claims, key));
  }

  /** Shows no key. */
  @Override
  public String toString() {
    return "CdpAuthentication[redacted]";
  }
}
