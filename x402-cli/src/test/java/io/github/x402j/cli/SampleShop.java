// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;

/** The server of {@code x402 serve} on a chain in this JVM, and a payer with ten dollars. */
final class SampleShop implements AutoCloseable {
  final LocalChain chain;
  final TestUsdc usdc;
  final Token token;
  final TestWallet payer = TestWallet.random();
  final TestWallet seller = TestWallet.random();
  final TestWallet gas = TestWallet.random();
  final SampleServer server;

  private SampleShop() throws Exception {
    chain = LocalChain.start(31337); // a chain that version 1 has no name for
    usdc = chain.deployUsdc();
    usdc.mint(payer.address(), 10_000_000);
    chain.fund(gas.address(), BigInteger.TEN.pow(18));
    token =
        new Token(
            new Network(chain.chainId()),
            Address.parse(usdc.address()),
            usdc.decimals(),
            usdc.name(),
            usdc.version());
    server = SampleServer.start(0, "", token, seller.address(), facilitator());
  }

  static SampleShop open() throws Exception {
    return new SampleShop();
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
