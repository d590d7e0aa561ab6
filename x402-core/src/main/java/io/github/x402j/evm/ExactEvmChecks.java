// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.ErrorReason;
import io.github.x402j.PaymentKey;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * The checks of scheme {@code exact} on EVM that need no chain, one method per step, in the order
 * of the specification ({@code scheme_exact_evm}, phase 2). Pure but for the signature oracle.
 */
final class ExactEvmChecks {
  /** What a settlement needs to get through before the window closes. */
  static final Duration SETTLE_MARGIN = Duration.ofSeconds(6);

  /** How far a payer's clock may run ahead of ours when it computes the end of the window. */
  static final Duration CLOCK_ALLOWANCE = Duration.ofSeconds(30);

  /** Beyond this an Instant overflows; no honest window ends there. */
  private static final BigInteger MAX_SECONDS = BigInteger.valueOf(1L << 40);

  private final PaymentPayload payload;
  private final ExactEvmPayload exact;
  private final PaymentRequirements requirements;
  private final Instant now;

  ExactEvmChecks(
      PaymentPayload payload,
      ExactEvmPayload exact,
      PaymentRequirements requirements,
      Instant now) {
    this.payload = payload;
    this.exact = exact;
    this.requirements = requirements;
    this.now = now;
  }

  /** Returns the first refusal of the steps before the signature, in their order. */
  Optional<Verification.Invalid> terms() {
    return schemeIsExact()
        .or(this::networkIsOffered)
        .or(this::valueIsThePrice)
        .or(this::recipientIsPayTo)
        .or(this::hasBegun)
        .or(this::windowIsShort);
  }

  private Optional<Verification.Invalid> schemeIsExact() {
    return refuseUnless(
        payload.scheme().equals(PaymentRequirements.EXACT)
            && requirements.scheme().equals(PaymentRequirements.EXACT),
        ErrorReason.UNSUPPORTED_SCHEME,
        "scheme: expected exact");
  }

  private Optional<Verification.Invalid> networkIsOffered() {
    return refuseUnless(
        payload.network().equals(requirements.network()),
        ErrorReason.INVALID_NETWORK,
        "network: expected " + requirements.network());
  }

  /** Exactly the price: more is as wrong as less. */
  private Optional<Verification.Invalid> valueIsThePrice() {
    return refuseUnless(
        exact.authorization().value().equals(requirements.amount()),
        ErrorReason.VALUE_MISMATCH,
        "authorization.value: expected exactly " + requirements.amount());
  }

  private Optional<Verification.Invalid> recipientIsPayTo() {
    return refuseUnless(
        exact.authorization().to().equals(requirements.payTo()),
        ErrorReason.RECIPIENT_MISMATCH,
        "authorization.to: expected " + requirements.payTo());
  }

  /**
   * {@code validAfter} equal to now is refused: the chain compares strictly, so a block of this
   * second would revert the transfer.
   */
  private Optional<Verification.Invalid> hasBegun() {
    return refuseUnless(
        exact.authorization().validAfter().compareTo(BigInteger.valueOf(now.getEpochSecond())) < 0,
        ErrorReason.AUTHORIZATION_NOT_YET_VALID,
        "authorization.validAfter: expected a time before now");
  }

  /** A window that ends exactly at the limit is accepted. */
  private Optional<Verification.Invalid> windowIsShort() {
    BigInteger limit =
        BigInteger.valueOf(
            now.plus(requirements.maxTimeout()).plus(CLOCK_ALLOWANCE).getEpochSecond());
    BigInteger validBefore = exact.authorization().validBefore();
    return refuseUnless(
        validBefore.compareTo(limit) <= 0 && validBefore.compareTo(MAX_SECONDS) < 0,
        ErrorReason.AUTHORIZATION_EXPIRED,
        "authorization.validBefore: expected at most maxTimeoutSeconds ("
            + requirements.maxTimeout().toSeconds()
            + ") from now");
  }

  /** Returns whether there is time to settle; exactly {@link #SETTLE_MARGIN} left is enough. */
  boolean hasTimeToSettle() {
    return exact
            .authorization()
            .validBefore()
            .compareTo(BigInteger.valueOf(now.plus(SETTLE_MARGIN).getEpochSecond()))
        >= 0;
  }

  Verification.Invalid signatureRefused(String detail) {
    return new Verification.Invalid(
        ErrorReason.INVALID_SIGNATURE, detail, exact.authorization().from());
  }

  SignedPayment signed() {
    TransferAuthorization authorization = exact.authorization();
    return new SignedPayment(
        payload,
        requirements,
        new PaymentKey(
            requirements.network(),
            requirements.asset(),
            authorization.from(),
            authorization.nonce()),
        Instant.ofEpochSecond(authorization.validBefore().longValueExact()));
  }

  private Optional<Verification.Invalid> refuseUnless(
      boolean holds, ErrorReason reason, String detail) {
    return holds
        ? Optional.empty()
        : Optional.of(new Verification.Invalid(reason, detail, exact.authorization().from()));
  }
}
