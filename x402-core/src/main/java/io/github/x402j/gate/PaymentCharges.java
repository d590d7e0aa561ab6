// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ErrorReason;
import io.github.x402j.Hashes;
import io.github.x402j.JsonText;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentHeader;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Stablecoin;
import io.github.x402j.Verification;
import io.github.x402j.mpp.AcceptPayment;
import io.github.x402j.mpp.ChallengeSecrets;
import io.github.x402j.mpp.EvmCharge;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.mpp.PaymentProblem;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Sells for the {@code Payment} HTTP scheme, beside x402: gives a 402 its {@code evm} charges, and
 * holds what a credential says of its challenge against what the request costs now. It keeps none
 * of the challenges; the rest of a payment is the same in both protocols. Safe for use by several
 * threads.
 */
final class PaymentCharges {
  /** The names in a challenge's {@code opaque}: what it is for, and what makes it the only one. */
  private static final String REQUEST = "for";

  private static final String SALT = "salt";
  private static final int SALT_BYTES = 12;
  private static final int REQUEST_BYTES = 16;

  private final ChallengeSecrets secrets;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  PaymentCharges(ChallengeSecrets secrets, Clock clock) {
    this.secrets = secrets;
    this.clock = clock;
  }

  /** Adds new challenges to a 402; it stays as it is if no offer is an EIP-3009 transfer. */
  Refusal challenged(Refusal refusal, PaymentRequired required, Purchase purchase) {
    String challenges =
        required.accepts().stream()
            .filter(PaymentCharges::isTransfer)
            .map(offer -> challenge(required, offer, purchase).header())
            .collect(Collectors.joining(", "));
    if (challenges.isEmpty() || refusal.status() != 402) {
      return refusal;
    }
    Map<String, String> headers = new LinkedHashMap<>(refusal.headers());
    headers.put(PaymentHeader.WWW_AUTHENTICATE, challenges);
    return new Refusal(402, headers, refusal.body());
  }

  /** Returns whether a request's {@code Accept-Payment} leaves room for a challenge. */
  static boolean areTaken(Function<String, List<String>> headers) {
    return AcceptPayment.takesEvmCharge(headers.apply(PaymentHeader.ACCEPT_PAYMENT));
  }

  private static boolean isTransfer(PaymentRequirements offer) {
    return offer.scheme().equals(PaymentRequirements.EXACT) && offer.takesAuthorization();
  }

  /** Returns a challenge that no other request gets: each buys one delivery, and one only. */
  private PaymentChallenge challenge(
      PaymentRequired required, PaymentRequirements offer, Purchase purchase) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    Map<String, String> opaque = Map.of(REQUEST, name(purchase), SALT, base64(salt));
    return secrets.sign(
        PaymentChallenge.charge(
            realm(required),
            charge(offer).request(),
            clock.instant().plus(offer.maxTimeout()),
            JsonText.encode(opaque)));
  }

  private static EvmCharge charge(PaymentRequirements offer) {
    Integer decimals =
        Stablecoin.of(offer.network(), offer.asset())
            .map(known -> known.token().decimals())
            .orElse(null);
    return EvmCharge.byAuthorization(
        offer.network(), offer.amount(), offer.asset(), offer.payTo(), decimals);
  }

  /**
   * Returns the host, and the port if the public URL names one.
   *
   * @throws IllegalArgumentException if it has none
   */
  static String realm(PaymentRequired required) {
    String authority = URI.create(required.resource().url()).getRawAuthority();
    if (authority == null) {
      throw new IllegalArgumentException("resource.url: mpp needs one with a host");
    }
    return authority.toLowerCase(Locale.ROOT);
  }

  private static String name(Purchase purchase) {
    return base64(Arrays.copyOf(Hashes.sha256(purchase.request()), REQUEST_BYTES));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Checks all that a challenge adds to a payment, in the order of the draft: that it is ours, asks
   * for what the request costs now, is not over, and is what the payment was signed for.
   *
   * @return why the payment may be finished, but not begun; empty if it may be begun
   * @throws RefusedChargeException if it buys nothing here
   */
  Optional<Verification.Invalid> check(
      ChargePayment payment, PaymentRequired required, Purchase purchase)
      throws RefusedChargeException {
    PaymentChallenge challenge = payment.challenge();
    if (!secrets.hasSigned(challenge)) {
      throw refused("challenge.id: not one of this server for these parameters");
    }
    if (!challenge.realm().equals(realm(required))) {
      throw refused("challenge.realm: expected " + realm(required));
    }
    if (challenge.digest() != null || challenge.description() != null) {
      throw refused("challenge: expected no digest and no description, as none was sent");
    }
    if (!name(purchase).equals(opaque(challenge).get(REQUEST))) {
      throw refused("challenge.opaque: it was for another request");
    }
    Optional<Verification.Invalid> over = over(payment, required);
    if (!challenge.nonce().equals(payment.nonce())) {
      throw new RefusedChargeException(
          PaymentProblem.VERIFICATION_FAILED,
          ErrorReason.INVALID_PAYLOAD,
          "payload.nonce: expected the hash of the challenge's id and realm");
    }
    return over;
  }

  private Optional<Verification.Invalid> over(ChargePayment payment, PaymentRequired required) {
    boolean isToday =
        required.accepts().stream()
            .filter(PaymentCharges::isTransfer)
            .anyMatch(offer -> charge(offer).request().equals(payment.challenge().request()));
    if (!isToday) {
      return Optional.of(
          new Verification.Invalid(
              ErrorReason.INVALID_PAYMENT_REQUIREMENTS,
              "challenge.request: not what the request costs now",
              null));
    }
    return clock.instant().isBefore(payment.challenge().expiresAt())
        ? Optional.empty()
        : Optional.of(
            new Verification.Invalid(
                ErrorReason.AUTHORIZATION_EXPIRED, "challenge.expires: past", null));
  }

  private static Map<String, Object> opaque(PaymentChallenge challenge) {
    try {
      return JsonText.decode(Objects.requireNonNullElse(challenge.opaque(), ""));
    } catch (MalformedPaymentException e) {
      return Map.of();
    }
  }

  private static RefusedChargeException refused(String detail) {
    return new RefusedChargeException(
        PaymentProblem.INVALID_CHALLENGE, ErrorReason.INVALID_PAYMENT_REQUIREMENTS, detail);
  }
}
