// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Bytes32;
import io.github.x402j.ErrorReason;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Stablecoin;
import io.github.x402j.mpp.EvmCharge;
import io.github.x402j.mpp.PaymentChallenge;
import io.github.x402j.mpp.PaymentCredential;
import io.github.x402j.mpp.PaymentProblem;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A credential of the {@code Payment} HTTP scheme as the x402 payment that it is, and the challenge
 * that it answers. Nothing in it is to be trusted.
 *
 * @param challenge what it says that it was asked for
 * @param nonce of its authorization
 * @param payload the payment
 */
record ChargePayment(PaymentChallenge challenge, Bytes32 nonce, PaymentPayload payload) {
  private static final List<String> AUTHORIZATION =
      List.of("from", "to", "value", "validAfter", "validBefore", "nonce");

  private static final String SOURCE = "did:pkh:";

  /** Of a payment for what is not offered any more, which may have been begun before. */
  private static final Duration FORMER_WINDOW = Duration.ofDays(1);

  /**
   * Returns the payment in a credential.
   *
   * @param required what is offered, which says what a challenge does not: the token's name
   * @throws MalformedPaymentException if it is not well formed
   * @throws RefusedChargeException if it is of another method, or no authorization
   */
  static ChargePayment of(PaymentCredential credential, PaymentRequired required)
      throws MalformedPaymentException, RefusedChargeException {
    PaymentChallenge challenge = credential.challenge();
    if (!challenge.isEvmCharge()) {
      throw new RefusedChargeException(
          PaymentProblem.METHOD_UNSUPPORTED,
          ErrorReason.UNSUPPORTED_SCHEME,
          "challenge: expected method evm and intent charge");
    }
    Map<String, Object> given = credential.payload();
    String type = text(given, "type");
    if (!type.equals(EvmCharge.AUTHORIZATION)) {
      throw new RefusedChargeException(
          PaymentProblem.VERIFICATION_FAILED,
          ErrorReason.UNSUPPORTED_SCHEME,
          "payload.type: expected " + EvmCharge.AUTHORIZATION);
    }
    Bytes32 nonce = nonce(text(given, "nonce"));
    EvmCharge charge = EvmCharge.parse(challenge.request());
    requirePayer(credential.source(), charge.network(), text(given, "from"));
    Map<String, Object> authorization = new LinkedHashMap<>();
    for (String name : AUTHORIZATION) {
      authorization.put(name, text(given, name));
    }
    return new ChargePayment(
        challenge,
        nonce,
        PaymentPayload.v2(
            accepted(charge, required),
            Map.of("authorization", authorization, "signature", text(given, "signature"))));
  }

  private static PaymentRequirements accepted(EvmCharge charge, PaymentRequired required) {
    List<PaymentRequirements> inToken =
        required.accepts().stream()
            .filter(offer -> offer.scheme().equals(PaymentRequirements.EXACT))
            .filter(PaymentRequirements::takesAuthorization)
            .filter(offer -> offer.network().equals(charge.network()))
            .filter(offer -> offer.asset().equals(charge.currency()))
            .toList();
    // Of equal ones the longest: the challenge itself says when it expires.
    @Nullable PaymentRequirements offered =
        inToken.stream()
            .filter(offer -> offer.amount().equals(charge.amount()))
            .filter(offer -> offer.payTo().equals(charge.recipient()))
            .max(Comparator.comparing(PaymentRequirements::maxTimeout))
            .orElse(inToken.isEmpty() ? null : inToken.get(0));
    return new PaymentRequirements(
        PaymentRequirements.EXACT,
        charge.network(),
        charge.amount(),
        charge.currency(),
        charge.recipient(),
        offered == null ? FORMER_WINDOW : offered.maxTimeout(),
        offered == null ? formerExtra(charge) : offered.extra());
  }

  /** The domain of a token that is not offered any more, as far as it is known here. */
  private static Map<String, Object> formerExtra(EvmCharge charge) {
    return Stablecoin.of(charge.network(), charge.currency())
        .map(known -> known.token())
        .map(token -> Map.<String, Object>of("name", token.name(), "version", token.version()))
        .orElse(Map.of());
  }

  /** A source of another DID method says nothing that could be compared. */
  private static void requirePayer(@Nullable String source, Network network, String payer)
      throws RefusedChargeException {
    if (source != null
        && source.startsWith(SOURCE)
        && !source.equalsIgnoreCase(SOURCE + network.caip2() + ":" + payer)) {
      throw new RefusedChargeException(
          PaymentProblem.VERIFICATION_FAILED,
          ErrorReason.INVALID_PAYLOAD,
          "source: not the payer of the authorization");
    }
  }

  private static Bytes32 nonce(String text) throws MalformedPaymentException {
    try {
      return Bytes32.parse("payload.nonce", text);
    } catch (IllegalArgumentException e) {
      throw new MalformedPaymentException(String.valueOf(e.getMessage()));
    }
  }

  private static String text(Map<String, Object> members, String name)
      throws MalformedPaymentException {
    if (members.get(name) instanceof String text) {
      return text;
    }
    throw new MalformedPaymentException("payload." + name + ": expected a string");
  }
}
