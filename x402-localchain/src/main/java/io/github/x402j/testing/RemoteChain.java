// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.net.URI;

/** A development node elsewhere that knows {@code anvil_setBalance} and {@code anvil_setCode}. */
final class RemoteChain implements TestChain {

  static final String PROPERTY = TestChain.RPC_PROPERTY;

  private static final BigInteger OPERATOR_WEI = BigInteger.TEN.pow(24);

  private final URI url;
  private final Operator operator;

  private RemoteChain(URI url, Operator operator) {
    this.url = url;
    this.operator = operator;
  }

  static RemoteChain connect(URI url) {
    Node node = new HttpNode(url);
    long chainId = Operator.quantity(node.call("eth_chainId")).longValueExact();
    RemoteChain chain = new RemoteChain(url, new Operator(node, chainId, TestWallet.random()));
    chain.fund(chain.operator.wallet().address(), OPERATOR_WEI);
    return chain;
  }

  @Override
  public URI rpcUrl() {
    return url;
  }

  @Override
  public long chainId() {
    return operator.chainId();
  }

  @Override
  public synchronized void fund(String address, BigInteger wei) {
    BigInteger balance = etherBalance(address).add(wei);
    operator.node().call("anvil_setBalance", address, RpcJson.quantity(balance));
  }

  @Override
  public BigInteger etherBalance(String address) {
    return operator.balance(address);
  }

  @Override
  public TestUsdc deployUsdc(String name, String version) {
    return TestUsdc.deploy(operator, name, version);
  }

  @Override
  public TestUsdc placeUsdc(String address, String name, String version) {
    TestUsdc deployed = deployUsdc(name, version);
    operator.node().call("anvil_setCode", address, deployed.code());
    return deployed.at(address);
  }

  @Override
  public String deployContractWallet(String ownerAddress, WalletBehaviour behaviour) {
    return ContractWallet.deploy(operator, ownerAddress, behaviour);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "RemoteChain[" + chainId() + "]";
  }
}
