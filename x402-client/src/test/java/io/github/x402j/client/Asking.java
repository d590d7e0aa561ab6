// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Transport.RetryPolicy;
import io.github.x402j.client.wallet.SpendingPolicy;
import io.github.x402j.evm.EvmSigner;
import java.net.URI;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What sellers of the tests ask for, and the buyer. */
public final class Asking {
  public static final Token USDC = Usdc.BASE_SEPOLIA;
  public static final Address SELLER = Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c");
  public static final String KEY =
      "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
  public static final EvmSigner SIGNER = EvmSigner.ofPrivateKey(KEY);
  public static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");
  public static final String TRANSACTION = "0x" + "ab".repeat(32);

  private Asking() {}

  /** Returns a buyer that pays at most five cents, with short pauses. */
  public static PayingHttpClient.Builder buyer(HttpClient wrapped) {
    return PayingHttpClient.over(wrapped)
        .signer(SIGNER)
        .policy(SpendingPolicy.empty().maxPerPayment("$0.05"))
        .token(USDC)
        .clock(Clock.fixed(NOW, ZoneOffset.UTC))
        .random(new SecureRandom())
        .retries(
            new RetryPolicy(
                3, Duration.ofSeconds(60), Duration.ofMillis(10), Duration.ofMillis(200)));
  }

  /** Sends a payment with an unknown outcome again once, without a pause. */
  public static PayingHttpClient.Builder impatient(PayingHttpClient.Builder client) {
    return client.retries(
        new RetryPolicy(1, Duration.ofSeconds(60), Duration.ofMillis(10), Duration.ofMillis(10)));
  }

  public static PaymentRequirements option(String price) {
    return PaymentRequirements.exact(
        USDC, Price.parse(price).in(USDC), SELLER, Duration.ofSeconds(60));
  }

  public static PaymentRequirements with(PaymentRequirements option, String member, Object value) {
    Map<String, Object> extra = new LinkedHashMap<>(option.extra());
    extra.put(member, value);
    return new PaymentRequirements(
        option.scheme(),
        option.network(),
        option.amount(),
        option.asset(),
        option.payTo(),
        option.maxTimeout(),
        extra);
  }

  public static PaymentRequirements in(Token token, long atomicUnits) {
    return PaymentRequirements.exact(
        token, TokenAmount.of(atomicUnits), SELLER, Duration.ofSeconds(60));
  }

  public static PaymentRequired forUrl(URI url, PaymentRequirements... options) {
    return PaymentRequired.of(ResourceInfo.of(url.toString()), Arrays.asList(options));
  }

  public static Seller.Answer v2(PaymentRequired required) {
    return Seller.Answer.of(
        402, Map.of("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(required)), "{}");
  }

  public static Seller.Answer v1(PaymentRequired required) {
    return Seller.Answer.of(402, PaymentCodec.encodeRequiredV1(required));
  }

  public static Seller.Answer both(PaymentRequired required) {
    return Seller.Answer.of(
        402,
        Map.of("PAYMENT-REQUIRED", PaymentCodec.encodeRequired(required)),
        PaymentCodec.encodeRequiredV1(required));
  }

  /** Delivers, and says that the call's payment was settled. */
  public static Seller.Answer delivery(Seller.Call call, String body) {
    return Seller.Answer.of(200, settled(call), body);
  }

  public static Map<String, String> settled(Seller.Call call) {
    int version = call.payment().x402Version();
    SettlementResponse settlement =
        new SettlementResponse(
            true,
            TRANSACTION,
            call.payment().network(),
            call.authorization().authorization().from(),
            null,
            version == 2 ? call.authorization().authorization().value() : null);
    return Map.of(
        version == 1 ? "X-PAYMENT-RESPONSE" : "PAYMENT-RESPONSE",
        PaymentCodec.encodeSettlement(settlement, version));
  }

  public static Seller.Answer pending(Seller.Call call, String retryAfter) {
    SettlementResponse settlement =
        new SettlementResponse(
            false, TRANSACTION, call.payment().network(), null, "settlement_pending", null);
    return Seller.Answer.of(
        503,
        Map.of(
            "PAYMENT-RESPONSE",
            PaymentCodec.encodeSettlement(settlement, 2),
            "Retry-After",
            retryAfter),
        "{\"error\":\"settlement_pending\"}");
  }

  /** A seller that asks for a price and delivers when it is paid. */
  public static Seller.Script honest(Seller seller, String price) {
    return call ->
        call.isPaid()
            ? delivery(call, "paid: " + call.method() + " " + call.body())
            : both(forUrl(seller.url(call.path()), option(price)));
  }

  public static List<String> payments(Seller seller) {
    return seller.paidCalls().stream()
        .map(call -> call.header("PAYMENT-SIGNATURE").or(() -> call.header("X-PAYMENT")).get())
        .distinct()
        .toList();
  }
}
