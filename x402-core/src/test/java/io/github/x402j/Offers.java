// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import io.github.x402j.gate.ScriptedFacilitator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Descriptors and payments for tests that do not look at signatures. */
public final class Offers {
  public static final Address PAYER = Address.parse("0x857b06519E91e3A54538791bDbb0E22373e36b66");
  public static final Address PAY_TO = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");
  public static final PaymentRequirements BASE =
      PaymentRequirements.exact(Usdc.BASE, TokenAmount.of(10_000), PAY_TO, Duration.ofSeconds(60));
  public static final PaymentRequirements BASE_SEPOLIA =
      PaymentRequirements.exact(
          Usdc.BASE_SEPOLIA, TokenAmount.of(10_000), PAY_TO, Duration.ofSeconds(60));
  public static final PaymentRequired REQUIRED =
      PaymentRequired.of(
          ResourceInfo.of("https://api.example.com/premium"), List.of(BASE, BASE_SEPOLIA));

  private Offers() {}

  public static Map<String, Object> payload(int nonce) {
    return Map.of("nonce", String.format("0x%064x", nonce));
  }

  public static String v2(int nonce) {
    return PaymentCodec.encodePayload(PaymentPayload.v2(BASE, payload(nonce)));
  }

  public static String v2(PaymentFlow flow, int nonce) {
    return PaymentCodec.encodePayload(in(flow, PaymentPayload.v2(BASE, payload(nonce))));
  }

  /** Returns the payment as one that accepts an offer with this flow. */
  public static PaymentPayload in(PaymentFlow flow, PaymentPayload payload) {
    PaymentRequirements accepted = payload.accepted();
    return accepted == null
        ? payload
        : PaymentPayload.v2(accepted.withFlow(flow), payload.payload())
            .withExtensions(payload.extensions());
  }

  public static String v1(int nonce) {
    return PaymentCodec.encodePayload(
        PaymentPayload.v1(PaymentRequirements.EXACT, Network.BASE, payload(nonce)));
  }

  public static SignedPayment signed(int nonce) {
    return ScriptedFacilitator.signed(
        PaymentPayload.v2(BASE, payload(nonce)), BASE, Instant.now().plusSeconds(60));
  }
}
