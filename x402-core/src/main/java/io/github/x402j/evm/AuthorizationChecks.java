// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.Verification;
import java.math.BigInteger;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Everything about an authorization that needs no state of the chain: the terms, the window, and
 * whose signature it is.
 */
final class AuthorizationChecks {
  private static final BigInteger WALLET_CALL_GAS = BigInteger.valueOf(150_000);
  private static final String EIP_6492_SUFFIX = "6492".repeat(16);

  private final Clock clock;

  /** Where contract wallets of a network are asked; empty where they are not accepted. */
  private final Function<Network, Optional<Chain>> wallets;

  private final Map<Token, byte[]> domainSeparators = new ConcurrentHashMap<>();

  AuthorizationChecks(Clock clock, Function<Network, Optional<Chain>> wallets) {
    this.clock = clock;
    this.wallets = wallets;
  }

  Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException {
    ExactEvmPayload exact = ExactEvmPayload.parse(payload.payload());
    ExactEvmChecks checks = new ExactEvmChecks(payload, exact, requirements, clock.instant());
    Optional<Verification.Invalid> refused = checks.terms();
    if (refused.isPresent()) {
      return refused.get();
    }
    if (!isSignedByPayer(exact, requirements)) {
      return checks.signatureRefused("signature: not the payer's over this authorization");
    }
    return checks.hasTimeToSettle()
        ? new Verification.Valid(checks.signed())
        : new Verification.Expired(checks.signed());
  }

  /**
   * Returns the call of the token that settles a payment which came through {@link #check}. A
   * contract wallet gets the bytes that it was asked about, not a spelling of ours.
   */
  String transfer(SignedPayment payment) {
    ExactEvmPayload exact = payloadOf(payment);
    return ownersSignature(exact, payment.requirements())
        .map(signature -> Eip3009.transfer(exact.authorization(), signature))
        .orElseGet(() -> Eip3009.transfer(exact.authorization(), Hex.bytes(exact.signature())));
  }

  /** Where no contract may pay, a signature that came through the check is its owner's. */
  private Optional<EvmSignature> ownersSignature(
      ExactEvmPayload exact, PaymentRequirements requirements) {
    return wallets.apply(requirements.network()).isEmpty()
        ? ownerSignature(exact.signature())
        : payersSignature(exact, digest(exact, requirements));
  }

  private boolean isSignedByPayer(ExactEvmPayload exact, PaymentRequirements requirements)
      throws FacilitatorException {
    byte[] digest = digest(exact, requirements);
    if (payersSignature(exact, digest).isPresent()) {
      return true;
    }
    Optional<Chain> chain = wallets.apply(requirements.network());
    return chain.isPresent() && isSignedByWallet(chain.get(), exact, digest);
  }

  /** Returns the signature if it is the payer's own, rather than one for a contract to judge. */
  private static Optional<EvmSignature> payersSignature(ExactEvmPayload exact, byte[] digest) {
    return ownerSignature(exact.signature())
        .filter(
            signature ->
                signature
                    .signerOf(digest)
                    .filter(exact.authorization().from()::equals)
                    .isPresent());
  }

  /** EIP-1271: the payer is a contract and says itself whether it signed. */
  private static boolean isSignedByWallet(Chain chain, ExactEvmPayload exact, byte[] digest)
      throws FacilitatorException {
    // EIP-6492 would deploy the wallet by a contract of the payer's choice: no factory is trusted.
    if (exact.signature().endsWith(EIP_6492_SUFFIX)
        || !chain.hasCode(exact.authorization().from())) {
      return false;
    }
    Chain.CallResult result =
        chain
            .call(
                List.of(
                    new Chain.Call(
                        null,
                        exact.authorization().from(),
                        Eip3009.isValidSignature(digest, Hex.bytes(exact.signature())),
                        false,
                        WALLET_CALL_GAS)))
            .get(0);
    return result instanceof Chain.CallResult.Returned returned
        && returned.data().equals(Eip3009.EIP_1271_MAGIC);
  }

  private byte[] digest(ExactEvmPayload exact, PaymentRequirements requirements) {
    byte[] domainSeparator =
        domainSeparators.computeIfAbsent(tokenOf(requirements), Eip712::domainSeparator);
    return Eip712.digest(domainSeparator, exact.authorization());
  }

  private static Optional<EvmSignature> ownerSignature(String signature) {
    try {
      return Optional.of(EvmSignature.of(Hex.bytes(signature)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The token as far as its signatures depend on it; its decimals do not matter here. */
  static Token tokenOf(PaymentRequirements requirements) {
    return new Token(
        requirements.network(),
        requirements.asset(),
        0,
        extra(requirements, "name"),
        extra(requirements, "version"));
  }

  private static String extra(PaymentRequirements requirements, String name) {
    if (requirements.extra().get(name) instanceof String text) {
      return text;
    }
    throw new IllegalStateException(
        "extra." + name + ": the EIP-712 domain of " + requirements.asset() + " needs it");
  }

  static ExactEvmPayload payloadOf(SignedPayment payment) {
    try {
      return ExactEvmPayload.parse(payment.payload().payload());
    } catch (MalformedPaymentException e) {
      throw new IllegalArgumentException("the payment did not come from check()", e);
    }
  }
}
