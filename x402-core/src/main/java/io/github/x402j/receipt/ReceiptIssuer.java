// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settings;
import io.github.x402j.Settlement;
import io.github.x402j.gate.Pass;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.ReceiptSource;
import io.github.x402j.gate.VerifiedPayment;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Issues receipts: signed JWTs of type {@value ReceiptVerifier#TYPE}.
 *
 * <pre>{@code
 * ReceiptIssuer issuer =
 *     ReceiptIssuer.builder("https://shop.example", "https://shop.example")
 *         .key(SigningKey.fromJwkFile(Path.of("receipts.jwk"), ReceiptAlgorithm.ES256))
 *         .build();
 * }</pre>
 *
 * <p>Safe for use by several threads.
 */
public final class ReceiptIssuer implements ReceiptSource {
  /** The default lifetime of a receipt that only proves a payment. */
  public static final Duration DEFAULT_PROOF_LIFETIME = Duration.ofDays(30);

  private final String issuer;
  private final String audience;
  private final SigningKey key;
  private final JWSSigner signer;
  private final List<SigningKey> published;
  private final Duration proofLifetime;
  private final Clock clock;

  private ReceiptIssuer(Builder builder, SigningKey key) {
    issuer = builder.issuer;
    audience = builder.audience;
    this.key = key;
    List<SigningKey> keys = new ArrayList<>(List.of(key));
    keys.addAll(builder.alsoPublished);
    if (keys.stream().map(SigningKey::kid).distinct().count() != keys.size()) {
      throw new IllegalStateException("receipt issuer: two keys have one kid");
    }
    published = List.copyOf(keys);
    proofLifetime = builder.proofLifetime;
    clock = builder.clock;
    try {
      signer = key.signer();
    } catch (JOSEException e) {
      throw new IllegalStateException(
          "receipt issuer: " + key.algorithm().wireName() + " cannot be used here", e);
    }
  }

  /**
   * Returns a builder.
   *
   * @param issuer the {@code iss} claim: usually the seller's public origin
   * @param audience the {@code aud} claim: the seller's public origin, {@code https://shop.example}
   */
  public static Builder builder(@Nullable String issuer, @Nullable String audience) {
    return new Builder(
        Settings.require("issuer", "a URI that names the seller", issuer),
        Settings.require("audience", "the public origin of the webapp", audience));
  }

  /** Returns the {@code iss} claim. */
  public String issuer() {
    return issuer;
  }

  /** Returns the {@code aud} claim. */
  public String audience() {
    return audience;
  }

  /** Returns the algorithm of the key that signs. */
  public ReceiptAlgorithm algorithm() {
    return key.algorithm();
  }

  /** Returns the public keys as the JSON text of a JWK set. */
  public String jwks() {
    return JSONObjectUtils.toJSONString(
        Map.of("keys", published.stream().map(SigningKey::publicJwk).toList()));
  }

  @Override
  public String issue(VerifiedPayment payment, Purchase purchase) {
    Settlement.Settled settled =
        payment
            .settlement()
            .orElseThrow(() -> new IllegalStateException("the payment has not been settled"));
    PaymentRequirements paid = payment.requirements();
    Pass pass = purchase.pass().orElse(null);
    Instant now = clock.instant();
    return sign(
        new Receipt(
            issuer,
            audience,
            settled.payer(),
            payment.id(),
            now,
            now.plus(pass == null ? proofLifetime : pass.lifetime()),
            settled.transaction(),
            paid.network(),
            paid.asset(),
            settled.amount(),
            paid.payTo(),
            pass == null ? resource(payment, purchase) : pass.route(),
            pass == null ? purchase.method() : pass.method(),
            pass != null,
            pass == null ? OptionalLong.of(0) : pass.uses()));
  }

  private static String resource(VerifiedPayment payment, Purchase purchase) {
    String url = payment.required().resource().url();
    return purchase.query() == null ? url : url + "?" + purchase.query();
  }

  /**
   * Returns the token of this receipt. For payment networks, which execute payments for others.
   *
   * @throws IllegalArgumentException if it names another issuer
   */
  public String sign(Receipt receipt) {
    if (!receipt.issuer().equals(issuer)) {
      throw new IllegalArgumentException("receipt: expected this issuer in iss");
    }
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(key.algorithm().jws())
                .type(new JOSEObjectType(ReceiptVerifier.TYPE))
                .keyID(key.kid())
                .build(),
            ReceiptClaims.claims(receipt));
    try {
      token.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the receipt could not be signed", e);
    }
    return token.serialize();
  }

  /** Signs and verifies once: a missing provider fails the start and not the first payer. */
  private void testItself() {
    try {
      JWSHeader header = new JWSHeader.Builder(key.algorithm().jws()).keyID(key.kid()).build();
      SignedJWT token = new SignedJWT(header, new JWTClaimsSet.Builder().issuer(issuer).build());
      token.sign(signer);
      if (!SignedJWT.parse(token.serialize()).verify(key.verifier())) {
        throw new IllegalStateException(
            "receipt issuer: what " + key + " signs does not verify; is a provider missing?");
      }
    } catch (JOSEException | ParseException | NoClassDefFoundError e) {
      throw new IllegalStateException(
          "receipt issuer: " + key.algorithm().wireName() + " does not work here", e);
    }
  }

  /** Names issuer and key. */
  @Override
  public String toString() {
    return "ReceiptIssuer[" + issuer + ", " + key + "]";
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final String issuer;
    private final String audience;
    private final List<SigningKey> alsoPublished = new ArrayList<>();
    private @Nullable SigningKey key;
    private Duration proofLifetime = DEFAULT_PROOF_LIFETIME;
    private Clock clock = Clock.systemUTC();

    private Builder(String issuer, String audience) {
      if (issuer.isEmpty() || issuer.length() > 256 || audience.isEmpty()) {
        throw new IllegalArgumentException(
            "receipt issuer: expected an issuer of 1 to 256 characters, and an audience");
      }
      this.issuer = issuer;
      this.audience = audience;
    }

    /** Sets the key that signs. Required. */
    public Builder key(SigningKey newKey) {
      key = newKey;
      return this;
    }

    /**
     * Publishes another key that does not sign: the previous one until its receipts have expired,
     * or the next one before it is used.
     */
    public Builder alsoPublish(SigningKey other) {
      alsoPublished.add(other);
      return this;
    }

    /**
     * Sets the lifetime of receipts that only prove a payment. At least a second. Default: {@link
     * #DEFAULT_PROOF_LIFETIME}, 30 days.
     */
    public Builder proofLifetime(Duration lifetime) {
      if (lifetime.toSeconds() < 1) {
        throw new IllegalArgumentException("proofLifetime: expected at least a second");
      }
      proofLifetime = lifetime;
      return this;
    }

    /** Sets the clock. Default: the system's. */
    public Builder clock(Clock newClock) {
      clock = newClock;
      return this;
    }

    /**
     * Returns the issuer, after it made and verified a signature.
     *
     * @throws IllegalStateException if no key is set, or the key does not work here
     */
    public ReceiptIssuer build() {
      if (key == null) {
        throw new IllegalStateException("receipt issuer: no key: call key(...)");
      }
      ReceiptIssuer built = new ReceiptIssuer(this, key);
      built.testItself();
      return built;
    }
  }
}
