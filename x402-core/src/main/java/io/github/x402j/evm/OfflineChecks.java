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
import java.util.List;
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

  private static final BigInteger WALLET_CALL_GAS = BigInteger.valueOf(150_000);
  private static final String EIP_6492_SUFFIX = "6492".repeat(16);

  private final EvmSchemes schemes;
  private final Clock clock;
  private final CallLimit walletChecks =
      new CallLimit("too many contract wallets are being asked; try again");

  /** Where contract wallets of a network are asked; empty where they are not accepted. */
  private final Function<Network, Optional<Chain>> wallets;

  OfflineChecks(EvmSchemes schemes, Clock clock, Function<Network, Optional<Chain>> wallets) {
    this.schemes = schemes;
    this.clock = clock;
    this.wallets = wallets;
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
    Optional<EvmSignature> owner = ownersSignature(payment, digest);
    if (owner.isEmpty() && !isSignedByWallet(payment, digest, requirements.network())) {
      return new Verification.Invalid(
          ErrorReason.INVALID_SIGNATURE,
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

  /** Returns the signature if it is the payer's own, rather than one for a contract to judge. */
  private static Optional<EvmSignature> ownersSignature(EvmPayment payment, byte[] digest) {
    return parsed(payment.signature()).filter(signature -> signature.isBy(payment.payer(), digest));
  }

  private static Optional<EvmSignature> parsed(String signature) {
    try {
      return Optional.of(EvmSignature.of(Hex.bytes(signature)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** EIP-1271: the payer is a contract and says itself whether it signed. */
  private boolean isSignedByWallet(EvmPayment payment, byte[] digest, Network network)
      throws FacilitatorException {
    Optional<Chain> chain = wallets.apply(network);
    // EIP-6492 would deploy the wallet by a contract of the payer's choice: no factory is trusted.
    if (chain.isEmpty() || payment.signature().endsWith(EIP_6492_SUFFIX)) {
      return false;
    }
    return walletChecks.call(payment.key(), () -> accepts(chain.get(), payment, digest));
  }

  private static boolean accepts(Chain chain, EvmPayment payment, byte[] digest)
      throws FacilitatorException {
    if (!chain.hasCode(payment.payer())) {
      return false;
    }
    Chain.Call question =
        new Chain.Call(
            null,
            payment.payer(),
            Eip3009.isValidSignature(digest, Hex.bytes(payment.signature())),
            false,
            WALLET_CALL_GAS);
    return chain.call(List.of(question)).get(0) instanceof Chain.CallResult.Returned returned
        && returned.data().equals(Eip3009.EIP_1271_MAGIC);
  }

  /** Exactly {@link #SETTLE_MARGIN} left is enough. */
  static boolean hasTimeToSettle(EvmPayment payment, Instant now) {
    BigInteger needed = BigInteger.valueOf(now.plus(SETTLE_MARGIN).getEpochSecond());
    return payment.validBefore().compareTo(needed) >= 0;
  }
}
