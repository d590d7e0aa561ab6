// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SchemePayload;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/**
 * The checks that need no state of the chain, in the order of the specification: the terms, the
 * signature, the time that is left.
 */
final class OfflineChecks {
  /** The time that a settlement needs before the window closes. */
  static final Duration SETTLE_MARGIN = Duration.ofSeconds(6);

  /** How far a payer's clock may run ahead of ours when it computes the end of the window. */
  static final Duration CLOCK_ALLOWANCE = Duration.ofSeconds(30);

  /** Beyond this an Instant overflows; no honest window ends there. */
  private static final BigInteger MAX_SECONDS = BigInteger.valueOf(1L << 40);

  private final EvmSchemes schemes;
  private final Clock clock;
  private final SigningWallets wallets;

  /**
   * @param contracts where contract wallets of a network are asked; empty where they are not
   *     accepted
   */
  OfflineChecks(EvmSchemes schemes, Clock clock, Function<Network, Optional<Chain>> contracts) {
    this.schemes = schemes;
    this.clock = clock;
    this.wallets = new SigningWallets(contracts);
  }

  /** Returns what checks the signatures, for what is no payment. */
  SigningWallets wallets() {
    return wallets;
  }

  /**
   * A payment whose signature is good.
   *
   * @param payment what was signed
   * @param owner the payer's own signature, or empty if its contract has accepted the signature
   */
  record Checked(EvmPayment payment, Optional<EvmSignature> owner) implements SchemePayload {
    /** Returns the payment as {@link OfflineChecks#check} has read it. */
    static Checked of(SignedPayment signed) {
      if (signed.signed() instanceof Checked checked) {
        return checked;
      }
      throw new IllegalArgumentException("the payment did not come from check()");
    }
  }

  Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    Optional<EvmScheme> scheme = schemes.of(requirements);
    if (scheme.isEmpty()) {
      return new Verification.Invalid(
          ErrorReason.UNSUPPORTED_SCHEME, "scheme: not one that is settled here", null);
    }
    EvmPayment payment = scheme.get().read(payload, requirements);
    Instant now = clock.instant();
    Optional<Verification.Invalid> refused = payment.checkTerms(now);
    if (refused.isPresent()) {
      return refused.get();
    }
    byte[] digest = payment.digest();
    Optional<EvmSignature> owner =
        SigningWallets.ofAccount(payment.payer(), digest, payment.signature());
    if (owner.isEmpty() && !isSignedByWallet(payment, digest, requirements.network())) {
      return new Verification.Invalid(
          payment.invalidSignature(),
          "signature: not the payer's over this authorization",
          payment.payer());
    }
    SignedPayment signed = signed(payload, requirements, digest, new Checked(payment, owner));
    return hasTimeToSettle(payment, now)
        ? new Verification.Valid(signed)
        : new Verification.Expired(signed);
  }

  /** Only what was checked goes on: unknown members of the payload are dropped. */
  private static SignedPayment signed(
      PaymentPayload payload, PaymentRequirements requirements, byte[] digest, Checked checked) {
    EvmPayment payment = checked.payment();
    return new SignedPayment(
        payload.withPayload(payment.members()),
        requirements,
        payment.key(),
        Bytes32.of(digest),
        Instant.ofEpochSecond(payment.validBefore().longValueExact()),
        checked);
  }

  /** EIP-1271: the payer is a contract and says itself whether it signed. */
  private boolean isSignedByWallet(EvmPayment payment, byte[] digest, Network network)
      throws FacilitatorException {
    return wallets.isOfContract(
        network, payment.payer(), digest, payment.signature(), payment.key());
  }

  /**
   * Returns whether an authorization is valid no longer than the seller allows. One that ends
   * exactly at the limit is accepted.
   */
  static boolean endsInTime(BigInteger end, PaymentRequirements requirements, Instant now) {
    Instant limit = now.plus(requirements.maxTimeout()).plus(CLOCK_ALLOWANCE);
    return end.compareTo(BigInteger.valueOf(limit.getEpochSecond())) <= 0
        && end.compareTo(MAX_SECONDS) < 0;
  }

  /** Exactly {@link #SETTLE_MARGIN} left is enough. */
  static boolean hasTimeToSettle(EvmPayment payment, Instant now) {
    BigInteger needed = BigInteger.valueOf(now.plus(SETTLE_MARGIN).getEpochSecond());
    return payment.validBefore().compareTo(needed) >= 0;
  }
}
