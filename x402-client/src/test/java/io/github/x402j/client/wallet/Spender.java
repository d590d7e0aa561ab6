// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.client.Payer;
import io.github.x402j.client.Payment;
import io.github.x402j.evm.EvmSignature;
import io.github.x402j.evm.EvmSigner;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Pays a shop out of a wallet, without any shop. */
final class Spender {
  private static final Instant NOW = Instant.parse("2026-05-01T12:00:00Z");

  /** A clock that stands still at noon. */
  static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  /** The signer of all wallets that name no other. */
  static final EvmSigner SIGNER =
      EvmSigner.ofPrivateKey("0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318");

  private static final Token USDC = Usdc.BASE_SEPOLIA;
  private static final String TOOL = "mcp://tool/forecast";

  private final AgentWallet wallet;
  private final Payer payer;

  /** Pays out of the wallet. */
  Spender(AgentWallet wallet) {
    this.wallet = wallet;
    this.payer = Payer.of(wallet, USDC);
  }

  /** Returns a new wallet with this limit for anything on shop.example. */
  static AgentWallet wallet(SpendJournal journal, String agent, String limit) {
    return AgentWallet.provision(agent, SIGNER, journal)
        .limit(limit, BillingPeriod.EVER)
        .allowedDomains("shop.example")
        .clock(CLOCK)
        .create();
  }

  /** Returns the wallet. */
  AgentWallet wallet() {
    return wallet;
  }

  /** Returns a payment of this amount. */
  Payment pay(long atomicUnits) throws IOException {
    return pay("https://shop.example/a", atomicUnits);
  }

  /** Returns a payment of this amount to the shop at this URL. */
  Payment pay(String url, long atomicUnits) throws IOException {
    PaymentRequirements option =
        PaymentRequirements.exact(
            USDC,
            TokenAmount.of(atomicUnits),
            Address.parse("0x209693bc6afc0c5328ba36faf03c514ef312287c"),
            Duration.ofSeconds(60));
    PaymentRequired required = PaymentRequired.of(ResourceInfo.of(TOOL), List.of(option));
    return payer.pay(URI.create(url), TOOL, json(PaymentCodec.encodeRequired(required)));
  }

  /** Says what an honest seller says of a payment that it has settled. */
  void delivered(Payment payment) {
    String transaction = "0x" + "ab".repeat(32);
    SettlementResponse settlement =
        new SettlementResponse(
            true, transaction, payment.network(), payment.payer(), null, payment.amount());
    payer.delivered(payment, json(PaymentCodec.encodeSettlement(settlement, 2)));
  }

  /** Says that the payment was never sent. */
  void neverSent(Payment payment) {
    payer.neverSent(payment, "no connection");
  }

  private static String json(String base64) {
    return new String(Base64.getDecoder().decode(base64), UTF_8);
  }

  /** Signs nothing that is worth anything, at no cost, and counts. */
  static final class CountingSigner implements EvmSigner {
    private final AtomicInteger signatures = new AtomicInteger();

    @Override
    public Address address() {
      return Spender.SIGNER.address();
    }

    @Override
    public EvmSignature sign(byte[] digest) {
      synchronized (signatures) {
        signatures.incrementAndGet();
        signatures.notifyAll();
      }
      return new EvmSignature(BigInteger.ONE, BigInteger.ONE, 27);
    }

    /** Returns how often it has signed. */
    int signatures() {
      return signatures.get();
    }

    /** Returns when it has signed at least this often. */
    void awaitSignatures(int count) throws InterruptedException {
      synchronized (signatures) {
        while (signatures.get() < count) {
          signatures.wait();
        }
      }
    }
  }
}
