// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.Network;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.SignedPayment;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Verification;
import io.github.x402j.gate.Sale;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** A seller on a real chain: a token, an account for gas, a payee, and a price. */
final class Shop implements AutoCloseable {
  static final long PRICE = 10_000;

  private static final AtomicLong NONCES = new AtomicLong(System.nanoTime());

  final TestChain chain;
  final Clock clock;
  final TestUsdc usdc;
  final TestWallet gas = TestWallet.random();
  final Address payTo = Address.parse(TestWallet.random().address());
  final Token token;
  final PaymentRequirements offer;
  final Web3jChain rpc;

  private Shop(TestChain chain, Clock clock) {
    this.chain = chain;
    this.clock = clock;
    usdc = chain.deployUsdc();
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    token = new Token(network(), Address.parse(usdc.address()), 6, usdc.name(), usdc.version());
    offer = PaymentRequirements.exact(token, TokenAmount.of(PRICE), payTo, Duration.ofSeconds(60));
    rpc = Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(10));
  }

  /** Opens on the chain of the system property, in its time. */
  static Shop open() {
    TestChain chain = TestChain.fromSystemProperty();
    return new Shop(chain, clockOf(chain));
  }

  static Shop on(LocalChain chain) {
    return new Shop(chain, chain.clock());
  }

  private static Clock clockOf(TestChain chain) {
    return chain instanceof LocalChain local ? local.clock() : Clock.systemUTC();
  }

  Network network() {
    return new Network(chain.chainId());
  }

  EvmSigner gasKey() {
    return EvmSigner.ofPrivateKey(gas.privateKey());
  }

  EvmFacilitator.Builder builder() {
    return builder(rpc);
  }

  EvmFacilitator.Builder builder(Chain port) {
    return EvmFacilitator.builder(network(), port, gasKey()).clock(clock);
  }

  /** Returns a new payer with this balance in atomic units. */
  TestWallet payer(long units) {
    TestWallet payer = TestWallet.random();
    if (units > 0) {
      usdc.mint(payer.address(), units);
    }
    return payer;
  }

  /** Returns an authorization of the price for a minute. */
  TransferAuthorization authorization(String payer) {
    Instant now = clock.instant();
    return TransferAuthorization.between(
        Address.parse(payer),
        payTo,
        offer.amount(),
        now.minusSeconds(600),
        now.plusSeconds(60),
        Sale.nonce(NONCES.incrementAndGet()));
  }

  ExactEvmPayload sign(TransferAuthorization authorization, TestWallet signer) {
    return ExactEvmPayload.sign(token, authorization, EvmSigner.ofPrivateKey(signer.privateKey()));
  }

  /** Returns the payment of a payer, through the check. */
  SignedPayment payment(EvmFacilitator facilitator, TestWallet payer) {
    return payment(facilitator, sign(authorization(payer.address()), payer).toMap());
  }

  SignedPayment payment(EvmFacilitator facilitator, Map<String, Object> payload) {
    try {
      Verification checked = facilitator.check(PaymentPayload.v2(offer, payload), offer);
      if (checked instanceof Verification.Valid valid) {
        return valid.payment();
      }
      throw new AssertionError("not valid: " + checked);
    } catch (MalformedPaymentException | FacilitatorException e) {
      throw new AssertionError(e);
    }
  }

  /** Lets a stranger send the payment's authorization to the token, and returns the hash. */
  String preempt(SignedPayment payment) {
    return preempt(payment, TestWallet.random());
  }

  String preempt(SignedPayment payment, TestWallet sender) {
    return ChainSale.send(usdc, sender, payment);
  }

  BigInteger balance(Address account) {
    return usdc.balanceOf(account.text());
  }

  long earned() {
    return balance(payTo).longValueExact();
  }

  boolean isUsed(SignedPayment payment) {
    return usdc.authorizationUsed(payment.payer().text(), payment.key().nonce());
  }

  /** Returns the offer again with another asset, name or version. */
  List<PaymentRequirements> offering(Token other) {
    return List.of(PaymentRequirements.exact(other, offer.amount(), payTo, offer.maxTimeout()));
  }

  @Override
  public void close() {
    chain.close();
  }
}
