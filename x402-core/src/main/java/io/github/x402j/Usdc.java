// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Known deployments of USDC: Circle's own (<a
 * href="https://developers.circle.com/stablecoins/usdc-contract-addresses">USDC contract
 * addresses</a>), and bridged ones, called USDC.e, that take EIP-3009 authorizations.
 *
 * <p>Each has 6 decimals. The EIP-712 names are those of the contracts, and differ from chain to
 * chain. A facilitator checks each against the contract's own {@code DOMAIN_SEPARATOR()} when it
 * starts.
 */
public final class Usdc {
  /** USDC on Base. */
  public static final Token BASE =
      usdc(Network.BASE, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin");

  /** USDC on Base Sepolia (test network). */
  public static final Token BASE_SEPOLIA =
      usdc(Network.BASE_SEPOLIA, "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC");

  /** USDC on Ethereum. */
  public static final Token ETHEREUM =
      usdc(Network.ETHEREUM, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USD Coin");

  /** USDC on Ethereum Sepolia (test network). */
  public static final Token SEPOLIA =
      usdc(Network.SEPOLIA, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "USDC");

  /** USDC on Polygon PoS. */
  public static final Token POLYGON =
      usdc(Network.POLYGON, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin");

  /** USDC on Polygon Amoy (test network). */
  public static final Token POLYGON_AMOY =
      usdc(Network.POLYGON_AMOY, "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", "USDC");

  /** USDC on Arbitrum One. */
  public static final Token ARBITRUM_ONE =
      usdc(Network.ARBITRUM_ONE, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin");

  /** USDC on Arbitrum Sepolia (test network). */
  public static final Token ARBITRUM_SEPOLIA =
      usdc(Network.ARBITRUM_SEPOLIA, "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", "USD Coin");

  /** USDC on Avalanche C-Chain. */
  public static final Token AVALANCHE =
      usdc(Network.AVALANCHE, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USD Coin");

  /** USDC on Avalanche Fuji (test network). */
  public static final Token AVALANCHE_FUJI =
      usdc(Network.AVALANCHE_FUJI, "0x5425890298aed601595a70AB815c96711a31Bc65", "USD Coin");

  /** USDC on Monad. */
  public static final Token MONAD =
      usdc(Network.MONAD, "0x754704Bc059F8C67012fEd69BC8A327a5aafb603", "USDC");

  /** USDC on Celo. */
  public static final Token CELO =
      usdc(Network.CELO, "0xcebA9300f2b948710d2653dD7B07f33A8B32118C", "USDC");

  /** USDC on Celo Sepolia (test network). */
  public static final Token CELO_SEPOLIA =
      usdc(Network.CELO_SEPOLIA, "0x01C5C0122039549AD1493B8220cABEdD739BC44E", "USDC");

  /** USDC on Sei. */
  public static final Token SEI =
      usdc(Network.SEI, "0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392", "USDC");

  /** USDC on Sei Testnet (test network). */
  public static final Token SEI_TESTNET =
      usdc(Network.SEI_TESTNET, "0x4fCF1784B31630811181f670Aea7A7bEF803eaED", "USDC");

  /** USDC on XDC Network. */
  public static final Token XDC =
      usdc(Network.XDC, "0xfA2958CB79b0491CC627c1557F441eF849Ca8eb1", "USDC");

  /** USDC on XDC Apothem (test network). */
  public static final Token XDC_APOTHEM =
      usdc(Network.XDC_APOTHEM, "0xb5AB69F7bBada22B28e79C8FFAECe55eF1c771D4", "USDC");

  /** USDC on peaq. */
  public static final Token PEAQ =
      usdc(Network.PEAQ, "0xbbA60da06c2c5424f03f7434542280FCAd453d10", "USDC");

  /** USDC.e on ADI Chain. */
  public static final Token ADI =
      usdc(Network.ADI, "0x9cb8142aEBBcdc60AF7c97Af897A67A8f3CA71C2", "USDC.e");

  /** USDC.e on HPP. */
  public static final Token HPP =
      usdc(Network.HPP, "0x401eCb1D350407f13ba348573E5630B83638E30D", "Bridged USDC");

  /** USDC.e on HPP Sepolia (test network). */
  public static final Token HPP_SEPOLIA =
      usdc(Network.HPP_SEPOLIA, "0x401eCb1D350407f13ba348573E5630B83638E30D", "Bridged USDC");

  /** USDC.e on IoTeX. */
  public static final Token IOTEX =
      usdc(Network.IOTEX, "0xcDf79194C6C285077A58da47641D4dBe51F63542", "Bridged USDC");

  /** USDC.e on Abstract. */
  public static final Token ABSTRACT =
      usdc(Network.ABSTRACT, "0x84A71ccD554Cc1b02749b35d22F684CC8ec987e1", "Bridged USDC");

  /** USDC.e on Abstract Testnet (test network). */
  public static final Token ABSTRACT_TESTNET =
      usdc(Network.ABSTRACT_TESTNET, "0xe4C7fBB0a626ed208021ccabA6Be1566905E2dFc", "Bridged USDC");

  /** USDC.e on Story. */
  public static final Token STORY =
      usdc(Network.STORY, "0xF1815bd50389c46847f0Bda824eC8da914045D14", "Bridged USDC");

  /** USDC.e on EDU Chain. */
  public static final Token EDUCHAIN =
      usdc(
          Network.EDUCHAIN,
          "0x12a272A581feE5577A5dFa371afEB4b2F3a8C2F8",
          "Bridged USDC (Stargate)");

  /** USDC.e on SKALE Base Sepolia (test network). */
  public static final Token SKALE_BASE_SEPOLIA =
      usdc(
          Network.SKALE_BASE_SEPOLIA,
          "0x2e08028E3C4c2356572E096d8EF835cD5C6030bD",
          "Bridged USDC (SKALE Bridge)");

  /** Called USDC. */
  static final List<Token> OWN =
      List.of(
          BASE,
          BASE_SEPOLIA,
          ETHEREUM,
          SEPOLIA,
          POLYGON,
          POLYGON_AMOY,
          ARBITRUM_ONE,
          ARBITRUM_SEPOLIA,
          AVALANCHE,
          AVALANCHE_FUJI,
          MONAD,
          CELO,
          CELO_SEPOLIA,
          SEI,
          SEI_TESTNET,
          XDC,
          XDC_APOTHEM,
          PEAQ);

  /** Called USDC.e. */
  static final List<Token> BRIDGED =
      List.of(
          ADI,
          HPP,
          HPP_SEPOLIA,
          IOTEX,
          ABSTRACT,
          ABSTRACT_TESTNET,
          STORY,
          EDUCHAIN,
          SKALE_BASE_SEPOLIA);

  private static final List<Token> ALL = Stream.of(OWN, BRIDGED).flatMap(List::stream).toList();

  private Usdc() {}

  /** Returns the known deployments. */
  public static List<Token> all() {
    return ALL;
  }

  /** Returns USDC on this network, empty where no deployment is known here. */
  public static Optional<Token> on(Network network) {
    return ALL.stream().filter(token -> token.network().equals(network)).findFirst();
  }

  private static Token usdc(Network network, String contract, String name) {
    return new Token(network, Address.parse(contract), 6, name, "2");
  }
}
