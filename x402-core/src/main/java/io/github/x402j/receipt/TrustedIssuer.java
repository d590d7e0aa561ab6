// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.receipt;

import io.github.x402j.Settings;
import io.github.x402j.TransferConfirmation;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An issuer whose receipts are accepted, and how they are checked: one issuer, one audience, one
 * algorithm, and keys from the configuration. Immutable.
 */
public final class TrustedIssuer {
  /** The default for the longest time from {@code iat} to {@code exp}. */
  public static final Duration DEFAULT_MAX_LIFETIME = Duration.ofDays(1);

  /** The default for how far clocks may be apart. */
  public static final Duration DEFAULT_CLOCK_SKEW = Duration.ofSeconds(5);

  private static final Duration MAX_CLOCK_SKEW = Duration.ofSeconds(60);

  private final Builder settings;
  private final Function<Clock, IssuerKeys> keys;

  private TrustedIssuer(Builder settings, Function<Clock, IssuerKeys> keys) {
    this.settings = new Builder(settings);
    this.keys = keys;
  }

  /**
   * Returns a builder.
   *
   * @param issuer the {@code iss} claim
   * @param audience the only {@code aud} claim: this seller's public origin
   * @param algorithm the {@code alg} header
   */
  public static Builder builder(
      @Nullable String issuer, @Nullable String audience, ReceiptAlgorithm algorithm) {
    return new Builder(
        Settings.require("issuer", "the iss claim of its receipts", issuer),
        Settings.require("audience", "the public origin of the webapp", audience),
        algorithm);
  }

  /**
   * Returns the trust of a seller in its own receipts, passes included. The keys are those that the
   * issuer publishes.
   */
  public static TrustedIssuer self(ReceiptIssuer issuer) {
    return builder(issuer.issuer(), issuer.audience(), issuer.algorithm())
        .jwks(issuer.jwks())
        .maxLifetime(Duration.ofDays(366))
        .passes()
        .ownPassesOnly()
        .build();
  }

  /**
   * Returns how long after a transaction a receipt for it may still be valid. With a confirmation
   * on chain it is the confirmation's answer. Without, the issuer writes its receipts when it has
   * paid.
   */
  Duration transactionMemory() {
    if (settings.ownPassesOnly && settings.confirmation == null) {
      return Duration.ZERO;
    }
    return settings.confirmation == null
        ? settings.maxLifetime.plus(settings.clockSkew)
        : settings.confirmation.maxAge();
  }

  String issuer() {
    return settings.issuer;
  }

  String audience() {
    return settings.audience;
  }

  ReceiptAlgorithm algorithm() {
    return settings.algorithm;
  }

  Duration maxLifetime() {
    return settings.maxLifetime;
  }

  Duration clockSkew() {
    return settings.clockSkew;
  }

  boolean mayIssuePasses() {
    return settings.passes;
  }

  Optional<TransferConfirmation> confirmation() {
    return Optional.ofNullable(settings.confirmation);
  }

  IssuerKeys keys(Clock clock) {
    return keys.apply(clock);
  }

  /** Names issuer, audience and algorithm. */
  @Override
  public String toString() {
    return "TrustedIssuer[" + issuer() + " for " + audience() + ", " + algorithm() + "]";
  }

  /** Collects the settings. Not safe for use by several threads. */
  public static final class Builder {
    private final String issuer;
    private final String audience;
    private final ReceiptAlgorithm algorithm;
    private Duration maxLifetime = DEFAULT_MAX_LIFETIME;
    private Duration clockSkew = DEFAULT_CLOCK_SKEW;
    private boolean passes;
    private boolean ownPassesOnly;
    private @Nullable TransferConfirmation confirmation;
    private @Nullable Function<Clock, IssuerKeys> keys;

    private Builder(String issuer, String audience, ReceiptAlgorithm algorithm) {
      if (issuer.isBlank() || audience.isBlank()) {
        throw new IllegalArgumentException("trusted issuer: expected an issuer and an audience");
      }
      this.issuer = issuer;
      this.audience = audience;
      this.algorithm = algorithm;
    }

    private Builder(Builder other) {
      this(other.issuer, other.audience, other.algorithm);
      maxLifetime = other.maxLifetime;
      clockSkew = other.clockSkew;
      passes = other.passes;
      ownPassesOnly = other.ownPassesOnly;
      confirmation = other.confirmation;
    }

    /**
     * Takes the keys of a JWK set that fit the algorithm.
     *
     * @throws IllegalArgumentException if it is not a JWK set, or no key fits
     */
    public Builder jwks(@Nullable String json) {
      IssuerKeys fixed =
          IssuerKeys.of(Settings.require("keys: jwks", "a JWK set", json), algorithm);
      return keys(clock -> fixed);
    }

    /**
     * Fetches the keys from a JWKS URL when the verifier is made, and then every five minutes.
     * While the URL does not answer, the last keys stay valid for 24 hours. Until there are keys,
     * receipts of this issuer are answered with 503.
     *
     * @throws IllegalArgumentException if the URL is not https, or http on this machine
     */
    public Builder jwksUrl(URI url) {
      JwksUrl.requireSafe(url);
      return keys(clock -> new JwksUrl(url, algorithm, clock));
    }

    /** As {@link #jwksUrl(URI)}; null or blank, as an unset variable is, names the setting. */
    public Builder jwksUrl(@Nullable String url) {
      return jwksUrl(Settings.requireUrl("jwksUrl", url));
    }

    Builder keys(Function<Clock, IssuerKeys> newKeys) {
      if (keys != null) {
        throw new IllegalArgumentException(
            "trusted issuer " + issuer + ": expected keys from one place, found two");
      }
      keys = newKeys;
      return this;
    }

    /**
     * Sets the longest accepted lifetime. At least a second. Default: {@link
     * #DEFAULT_MAX_LIFETIME}, a day.
     */
    public Builder maxLifetime(Duration lifetime) {
      if (lifetime.toSeconds() < 1) {
        throw new IllegalArgumentException("maxLifetime: expected at least a second");
      }
      maxLifetime = lifetime;
      return this;
    }

    /**
     * Sets how far clocks may be apart. At most 60 seconds. Default: {@link #DEFAULT_CLOCK_SKEW}, 5
     * seconds.
     */
    public Builder clockSkew(Duration skew) {
      if (skew.isNegative() || skew.compareTo(MAX_CLOCK_SKEW) > 0) {
        throw new IllegalArgumentException("clockSkew: expected 0 to 60 seconds");
      }
      clockSkew = skew;
      return this;
    }

    /**
     * Lets this issuer issue passes and say how often a receipt may be used. Default: each of its
     * receipts is accepted once.
     */
    public Builder passes() {
      passes = true;
      return this;
    }

    private Builder ownPassesOnly() {
      ownPassesOnly = true;
      return this;
    }

    /** Confirms the transaction of every receipt on chain before it is accepted. Default: no. */
    public Builder confirmOnChain(TransferConfirmation newConfirmation) {
      confirmation = newConfirmation;
      return this;
    }

    /**
     * Returns the trusted issuer.
     *
     * @throws IllegalStateException if no keys are set
     */
    public TrustedIssuer build() {
      if (keys == null) {
        throw new IllegalStateException(
            "trusted issuer " + issuer + ": no keys: expected jwks or jwksUrl");
      }
      return new TrustedIssuer(this, keys);
    }
  }
}
