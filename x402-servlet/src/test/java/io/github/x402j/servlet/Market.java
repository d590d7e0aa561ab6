// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.time.Duration;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A chain with a token, a seller, and a funded gas key: what a webapp needs in order to sell. As a
 * registered extension it closes after the tests of a class.
 */
final class Market implements AutoCloseable, AfterAllCallback {
  static final String PUBLIC_URL = "https://shop.example";
  private static final BigInteger ETHER = BigInteger.TEN.pow(18);

  final LocalChain chain;
  final TestUsdc usdc;
  final Token token;

  /** Lets a test act between the verification of a payment and its settlement. */
  final SettlementHook settlements = new SettlementHook();

  /** Makes a market on a chain that version 1 has no name for. */
  Market() {
    this(LocalChain.start());
  }

  Market(LocalChain chain) {
    this.chain = chain;
    usdc = chain.deployUsdc();
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
  }

  /** Returns a facilitator with a gas key of its own, and a timeout for settlements. */
  EvmFacilitator facilitator(Duration settleTimeout) {
    TestWallet gas = TestWallet.random();
    chain.fund(gas.address(), ETHER);
    return EvmFacilitator.builder(
            token.network(),
            Web3jChain.at(chain.rpcUrl(), Duration.ofSeconds(2)),
            EvmSigner.ofPrivateKey(gas.privateKey()))
        .settleTimeout(settleTimeout)
        .build();
  }

  /** Returns a builder with all that is needed but the routes. */
  PaymentFilter.Builder filter(TestWallet seller, Duration settleTimeout) {
    return filter(seller, settlements.over(facilitator(settleTimeout)));
  }

  PaymentFilter.Builder filter(TestWallet seller, Facilitator facilitator) {
    return PaymentFilter.builder()
        .publicUrl(PUBLIC_URL)
        .accept(token, seller.address())
        .facilitator(facilitator);
  }

  /** Returns a payer with a dollar. */
  TestPayer payer() {
    return payer(1_000_000);
  }

  TestPayer payer(long units) {
    TestWallet wallet = TestWallet.random();
    usdc.mint(wallet.address(), units);
    return new TestPayer(this, wallet);
  }

  long balance(TestWallet wallet) {
    return usdc.balanceOf(wallet.address()).longValueExact();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    close();
  }

  @Override
  public void close() {
    chain.close();
  }
}
