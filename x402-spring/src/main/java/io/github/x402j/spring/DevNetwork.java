// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.Network;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import io.github.x402j.evm.ChainListener;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.evm.Web3jChain;
import io.github.x402j.testing.LocalChain;
import io.github.x402j.testing.TestUsdc;
import io.github.x402j.testing.TestWallet;
import java.math.BigInteger;
import java.net.URI;
import java.util.List;

/** A chain in this process with USDC on it, a gas account, and a payer that holds $100. */
final class DevNetwork implements LocalMoney, AutoCloseable {
  private static final long HUNDRED_DOLLARS = 100_000_000;
  private static final BigInteger GAS_FUNDS = BigInteger.TEN.pow(18);

  private final LocalChain chain;
  private final Token token;
  private final TestWallet payer = TestWallet.random();
  private final TestWallet payee = TestWallet.random();
  private final TestWallet gas = TestWallet.random();

  private DevNetwork(LocalChain chain, Token token) {
    this.chain = chain;
    this.token = token;
  }

  /** Starts a chain with the id of the network; USDC has the address that it has there. */
  static DevNetwork start(Network network) {
    LocalChain chain = LocalChain.start(network.chainId());
    Token token = Stablecoin.dollarOn(network).orElse(Usdc.BASE_SEPOLIA);
    TestUsdc usdc = chain.placeUsdc(token.contract().text(), token.name(), token.version());
    DevNetwork started =
        new DevNetwork(
            chain,
            new Token(
                network,
                Address.parse(usdc.address()),
                usdc.decimals(),
                usdc.name(),
                usdc.version()));
    usdc.mint(started.payer.address(), HUNDRED_DOLLARS);
    chain.fund(started.gas.address(), GAS_FUNDS);
    return started;
  }

  @Override
  public Token token() {
    return token;
  }

  @Override
  public String payTo() {
    return payee.address();
  }

  /** Returns the account that holds $100. */
  TestWallet payer() {
    return payer;
  }

  @Override
  public URI rpcUrl() {
    return chain.rpcUrl();
  }

  @Override
  public Facilitator facilitator(ChainListener listener) {
    return EvmFacilitator.builder(
            token.network(),
            Web3jChain.at(chain.rpcUrl()),
            EvmSigner.ofPrivateKey(gas.privateKey()))
        .listener(listener)
        .build();
  }

  @Override
  public List<String> linesToTry(String url) {
    return List.of(
        "curl -i '" + url + "'   # 402 and how to pay",
        "export DEMO_KEY=" + payer.privateKey(),
        "x402 pay '"
            + url
            + "' --rpc-url "
            + chain.rpcUrl()
            + " --token "
            + token.contract()
            + " --key-env DEMO_KEY --max '$1'");
  }

  @Override
  public void close() {
    chain.close();
  }
}
