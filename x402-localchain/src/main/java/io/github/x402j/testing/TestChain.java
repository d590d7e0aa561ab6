// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.math.BigInteger;
import java.net.URI;

/**
 * An EVM chain for tests: a {@link LocalChain} in this JVM, or a development node elsewhere. Thread
 * safe.
 *
 * <p>These methods bypass the faults and the request counters of a {@code LocalChain}.
 */
public interface TestChain extends AutoCloseable {

  /** The system property that names the node {@link #fromSystemProperty()} connects to. */
  String RPC_PROPERTY = "x402.rpc";

  /**
   * Where every test chain has a contract that makes several calls in one, as Multicall3 does. For
   * a chain without it, put the code {@code 0x} there.
   */
  String MULTICALL = "0xcA11bde05977b3631167028862bE2a173976CA11";

  /** Where every test chain has a contract that moves tokens by signature as Permit2 does. */
  String PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";

  /**
   * Where every test chain has the proxy through which the scheme {@code exact} uses Permit2. For a
   * chain without it, put the code {@code 0x} there.
   */
  String EXACT_PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";

  /** Where every test chain has the proxy through which the scheme {@code upto} uses Permit2. */
  String UPTO_PROXY = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";

  /**
   * Returns the chain that a suite runs on: the node named by {@code -Dx402.rpc=URL}, which must
   * know {@code anvil_setBalance}, or else a new {@link LocalChain}. Close it after use.
   *
   * @throws IllegalStateException if the node does not answer
   */
  static TestChain fromSystemProperty() {
    String url = System.getProperty(RPC_PROPERTY, "");
    return url.isEmpty() ? LocalChain.start() : RemoteChain.connect(URI.create(url));
  }

  /** Returns where the chain answers JSON-RPC over HTTP. */
  URI rpcUrl();

  /** Returns the EIP-155 chain id. */
  long chainId();

  /**
   * Adds ether to an account.
   *
   * @param wei zero or more
   */
  void fund(String address, BigInteger wei);

  /** Returns the ether of an account in wei, as of the latest block. */
  BigInteger etherBalance(String address);

  /** Deploys a token with the EIP-712 name {@code USDC} and version {@code 2}. */
  default TestUsdc deployUsdc() {
    return deployUsdc(TestUsdc.DEFAULT_NAME, TestUsdc.DEFAULT_VERSION);
  }

  /**
   * Deploys a token with 6 decimals.
   *
   * @param name its EIP-712 name, at most 32 bytes
   * @param version its EIP-712 version, at most 32 bytes
   */
  default TestUsdc deployUsdc(String name, String version) {
    return deployUsdc(name, version, TestUsdc.DEFAULT_DECIMALS);
  }

  /**
   * Deploys a token.
   *
   * @param name its EIP-712 name, at most 32 bytes
   * @param version its EIP-712 version, at most 32 bytes
   * @param decimals 0 to 255
   */
  TestUsdc deployUsdc(String name, String version, int decimals);

  /**
   * Deploys a plain ERC-20 token: without EIP-3009 and without permits.
   *
   * @param decimals 0 to 255
   */
  TestToken deployToken(String name, String symbol, int decimals);

  /**
   * Deploys an ERC-20 token that takes EIP-2612 permits, with its name and the version {@value
   * TestToken#PERMIT_VERSION} in their domain.
   *
   * @param decimals 0 to 255
   */
  TestToken deployPermitToken(String name, String symbol, int decimals);

  /**
   * Puts a token's code at an address of choice, such as that of real USDC, so that code under test
   * can keep its built-in addresses. All balances are zero unless there was a token already.
   *
   * @param name its EIP-712 name, at most 32 bytes
   * @param version its EIP-712 version, at most 32 bytes
   */
  TestUsdc placeUsdc(String address, String name, String version);

  /**
   * Puts code at an address, whatever is there. On a node that knows EIP-7702, {@code 0xef0100} and
   * an address delegate to the code there.
   *
   * @param code {@code 0x} and an even number of hexadecimal digits
   */
  void placeCode(String address, String code);

  /** Deploys a wallet that approves what its owner signed, by EIP-1271, and returns its address. */
  default String deployContractWallet(String ownerAddress) {
    return deployContractWallet(ownerAddress, WalletBehaviour.HONEST);
  }

  /** Deploys a wallet that answers EIP-1271 in a given way, and returns its address. */
  String deployContractWallet(String ownerAddress, WalletBehaviour behaviour);

  /** Stops a chain in this JVM; a node elsewhere keeps running. */
  @Override
  void close();
}
