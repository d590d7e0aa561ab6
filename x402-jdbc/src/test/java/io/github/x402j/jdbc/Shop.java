// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.ExactEvmPayload;
import io.github.x402j.evm.TransferAuthorization;
import io.github.x402j.gate.Admission;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.VerifiedPayment;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** A shop on a local chain: its token, its offer, and one signed payment of the price. */
final class Shop implements AutoCloseable {
  static final long PRICE = 10_000;
  static final String REQUEST = "GET /premium";
  static final String URL = "https://shop.example/premium";

  private static final String SEND = "eth_sendRawTransaction";

  final LocalChain chain = LocalChain.start();
  final TestUsdc usdc = chain.deployUsdc();
  final Address payTo = Address.parse(TestWallet.random().address());
  final PaymentRequirements offer =
      offer(new Network(chain.chainId()), usdc.address(), usdc.name(), usdc.version(), payTo);

  /** The header of one payment of the price, good for a minute. */
  final String header = header();

  private final long sent = chain.requests(SEND);

  /** Returns the offer of the price in a token. */
  static PaymentRequirements offer(
      Network network, String token, String name, String version, Address payTo) {
    return PaymentRequirements.exact(
        new Token(network, Address.parse(token), 6, name, version),
        TokenAmount.of(PRICE),
        payTo,
        Duration.ofSeconds(60));
  }

  private String header() {
    TestWallet payer = TestWallet.random();
    usdc.mint(payer.address(), 10 * PRICE);
    Instant now = chain.clock().instant();
    TransferAuthorization authorization =
        TransferAuthorization.between(
            Address.parse(payer.address()),
            payTo,
            offer.amount(),
            now.minusSeconds(600),
            now.plusSeconds(60),
            "0x" + "07".repeat(32));
    Token token =
        new Token(offer.network(), offer.asset(), usdc.decimals(), usdc.name(), usdc.version());
    return PaymentCodec.encodePayload(
        PaymentPayload.v2(
            offer,
            ExactEvmPayload.sign(token, authorization, EvmSigner.ofPrivateKey(payer.privateKey()))
                .toMap()));
  }

  /** Returns a new account that can pay for gas. */
  TestWallet gasAccount() {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    return gas;
  }

  /** Returns how many transactions were sent since the shop was opened. */
  long broadcasts() {
    return chain.requests(SEND) - sent;
  }

  long earned() {
    return usdc.balanceOf(payTo.text()).longValueExact();
  }

  /** Returns what a gate asks for the offer. */
  static Challenge challenge(PaymentGate gate, PaymentRequirements offer) {
    return gate.challenge(PaymentRequired.of(ResourceInfo.of(URL), List.of(offer)));
  }

  /** Sends a payment with a request, of which the name is the method and what it is for. */
  static Admission admit(PaymentGate gate, Challenge challenge, String request, String header) {
    return gate.admit(
        challenge,
        Purchase.of(request, request.substring(0, request.indexOf(' '))),
        name -> name.equalsIgnoreCase("PAYMENT-SIGNATURE") ? List.of(header) : List.of());
  }

  /** What happens between the settlement and the delivery. */
  interface Step {
    void run() throws InterruptedException;
  }

  /** Sells one delivery and returns the status of the answer; 200 is a delivery. */
  static int exchange(
      PaymentGate gate, Challenge challenge, Admission admission, Step beforeDelivery)
      throws InterruptedException {
    if (admission instanceof Admission.Refused refused) {
      return refused.refusal().status();
    }
    VerifiedPayment payment = ((Admission.Admitted) admission).payment();
    Settlement settlement = gate.settle(payment);
    if (!(settlement instanceof Settlement.Settled)) {
      return gate.refuse(challenge, payment, settlement).status();
    }
    beforeDelivery.run();
    gate.delivered(payment);
    return 200;
  }

  @Override
  public void close() {
    chain.close();
  }
}
