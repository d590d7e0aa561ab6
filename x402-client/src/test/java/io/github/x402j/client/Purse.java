// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static io.github.x402j.client.Asking.SELLER;
import static io.github.x402j.client.Asking.USDC;

import io.github.x402j.Address;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.SettlementResponse;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.client.wallet.AgentWallet;
import io.github.x402j.client.wallet.BillingPeriod;
import io.github.x402j.client.wallet.Offer;
import io.github.x402j.client.wallet.PaymentSigner;
import io.github.x402j.client.wallet.RequestToPay;
import io.github.x402j.client.wallet.SpendJournal;
import io.github.x402j.client.wallet.SpendingPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Pays out of a wallet without any seller, to see what its rules do. */
public final class Purse {
  private final WalletPayments payments;
  private final AgentWallet wallet;

  public Purse(AgentWallet wallet, Clock clock, SpendingPolicy... policies) {
    this.wallet = wallet;
    this.payments =
        new WalletPayments(PaymentSigner.of(wallet, List.of(policies), clock, new SecureRandom()));
  }

  /** Returns the purse of a client that has this policy and no wallet. */
  public static Purse of(SpendingPolicy policy, Clock clock) {
    return new Purse(AgentWallet.ofPolicy(Asking.SIGNER, policy, clock), clock);
  }

  /** Returns a wallet with this limit for anything on shop.example. */
  public static AgentWallet wallet(SpendJournal journal, String agent, String limit, Clock clock) {
    return AgentWallet.provision(agent, Asking.SIGNER, journal)
        .limit(limit, BillingPeriod.EVER)
        .allowedDomains("shop.example")
        .clock(clock)
        .create();
  }

  public AgentWallet wallet() {
    return wallet;
  }

  public Payment pay(long atomicUnits) throws IOException {
    return pay("https://shop.example/a", "GET", offer(USDC, SELLER, atomicUnits));
  }

  public Payment pay(String url, String method, Offer... offers) throws IOException {
    return payments.pay(
        new RequestToPay(payments.newRequestId(), method, URI.create(url), null),
        List.of(offers),
        () -> false);
  }

  public void settled(Payment payment) {
    settled(payment, 200);
  }

  /** Tells the wallet what an honest seller says. */
  public void settled(Payment payment, int status) {
    var response =
        new SettlementResponse(
            true, Asking.TRANSACTION, payment.network(), payment.payer(), null, payment.amount());
    var headers =
        HttpHeaders.of(
            Map.of("PAYMENT-RESPONSE", List.of(PaymentCodec.encodeSettlement(response, 2))),
            (name, value) -> true);
    payments.answered(payment.answered(headers), status, headers);
  }

  public void pending(Payment payment) {
    payments.pending(payment, "the answer was lost");
  }

  public static Offer offer(Token token, Address payTo, long atomicUnits) {
    PaymentRequirements option =
        PaymentRequirements.exact(
            token, TokenAmount.of(atomicUnits), payTo, Duration.ofSeconds(60));
    return new Offer(PaymentRequired.of(ResourceInfo.of("/a"), List.of(option)), option, token, 2);
  }
}
