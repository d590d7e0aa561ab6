// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;

/**
 * Known deployments of USDC.
 *
 * <p>Addresses as published by Circle (<a
 * href="https://developers.circle.com/stablecoins/usdc-contract-addresses">USDC contract
 * addresses</a>); EIP-712 names as read from the contracts. A facilitator checks each against the
 * contract's own {@code DOMAIN_SEPARATOR()} when it starts.
 */
public final class Usdc {
  /** USDC on Base. */
  public static final Token BASE =
      usdc(Network.BASE, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin");

  /** USDC on Base Sepolia (test network). */
  public static final Token BASE_SEPOLIA =
      usdc(Network.BASE_SEPOLIA, "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC");

  /** USDC on Polygon PoS. */
  public static final Token POLYGON =
      usdc(Network.POLYGON, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin");

  /** USDC on Arbitrum One. */
  public static final Token ARBITRUM_ONE =
      usdc(Network.ARBITRUM_ONE, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin");

  /** USDC on Arbitrum Sepolia (test network). */
  public static final Token ARBITRUM_SEPOLIA =
      usdc(Network.ARBITRUM_SEPOLIA, "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", "USD Coin");

  /** USDC on Monad. */
  public static final Token MONAD =
      usdc(Network.MONAD, "0x754704Bc059F8C67012fEd69BC8A327a5aafb603", "USD Coin");

  private static final List<Token> ALL =
      List.of(BASE, BASE_SEPOLIA, POLYGON, ARBITRUM_ONE, ARBITRUM_SEPOLIA, MONAD);

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
