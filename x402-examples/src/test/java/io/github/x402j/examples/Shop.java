// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.examples;

import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;

/** The example server on a chain in this JVM, and a payer with ten dollars. */
final class Shop implements AutoCloseable {
  final LocalChain chain;
  final TestUsdc usdc;
  final Token token;
  final TestWallet payer = TestWallet.random();
  final TestWallet seller = TestWallet.random();
  final TestWallet gas = TestWallet.random();
  final ExampleServer server;

  private Shop() throws Exception {
    chain = LocalChain.start(31337); // a chain that version 1 has no name for
    usdc = chain.deployUsdc();
    usdc.mint(payer.address(), 10_000_000);
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    token = Demo.token(chain, usdc);
    server = ExampleServer.start(0, "", token, seller.address(), facilitator());
  }

  static Shop open() throws Exception {
    return new Shop();
  }

  EvmFacilitator facilitator() {
    return EvmFacilitator.builder(
            token.network(),
            Web3jChain.at(chain.rpcUrl()),
            EvmSigner.ofPrivateKey(gas.privateKey()))
        .build();
  }

  String url(String path) {
    return server.url() + path;
  }

  BigInteger sold() {
    return usdc.balanceOf(seller.address());
  }

  @Override
  public void close() throws Exception {
    server.close();
    chain.close();
  }
}
