// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SchemePayload;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** One thing sold for a cent on Base Sepolia, a payer with a real key, and a clock that stands. */
public final class Sale {
  /** What a payment holds that no scheme has read. */
  public static final SchemePayload STUB = new SchemePayload() {};

  public static final Instant NOW = Instant.ofEpochSecond(1_767_225_600);
  public static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
  public static final EvmSigner PAYER =
      EvmSigner.ofPrivateKey("21d4e7570632d7da7481662de00e5694552407b60ea100e42cc61e5fd082719b");
  public static final Address PAY_TO = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");
  public static final PaymentRequirements OFFER =
      PaymentRequirements.exact(
          Usdc.BASE_SEPOLIA, TokenAmount.of(10_000), PAY_TO, Duration.ofSeconds(60));
  public static final String URL = "https://shop.example/premium";
  public static final PaymentRequired REQUIRED =
      PaymentRequired.of(ResourceInfo.of(URL), List.of(OFFER));
  public static final String REQUEST = "GET /premium";

  private Sale() {}

  /** Returns a nonce that no other number gives. */
  public static String nonce(long number) {
    return String.format(Locale.ROOT, "0x%064x", number);
  }

  /** Returns an authorization that meets the offer. */
  public static TransferAuthorization authorization(String nonce) {
    return TransferAuthorization.between(
        PAYER.address(), PAY_TO, OFFER.amount(), NOW.minusSeconds(60), NOW.plusSeconds(60), nonce);
  }

  /** Returns the members of the payload, really signed. */
  public static Map<String, Object> signed(TransferAuthorization authorization) {
    return ExactEvmPayload.sign(Usdc.BASE_SEPOLIA, authorization, PAYER).toMap();
  }

  /** Returns a good version 2 payment. */
  public static PaymentPayload v2(long number) {
    return PaymentPayload.v2(OFFER, signed(authorization(nonce(number))));
  }

  /** Returns a good version 1 payment. */
  public static PaymentPayload v1(long number) {
    return PaymentPayload.v1("exact", OFFER.network(), signed(authorization(nonce(number))));
  }

  /** Returns the headers of a request that brings the payment. */
  public static Function<String, List<String>> headers(PaymentPayload payload) {
    String name = payload.x402Version() == 2 ? "PAYMENT-SIGNATURE" : "X-PAYMENT";
    return headers(name, PaymentCodec.encodePayload(payload));
  }

  /** Returns the headers of a request, given as names and values in turn. */
  public static Function<String, List<String>> headers(String... namesAndValues) {
    return name -> {
      List<String> values = new ArrayList<>();
      for (int i = 0; i < namesAndValues.length; i += 2) {
        if (namesAndValues[i].equalsIgnoreCase(name)) {
          values.add(namesAndValues[i + 1]);
        }
      }
      return values;
    };
  }

  /** Returns text in base64. */
  public static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** What a request of this name buys. */
  public static Purchase purchase(String request) {
    return Purchase.of(request, request.substring(0, request.indexOf(' ')));
  }
}
