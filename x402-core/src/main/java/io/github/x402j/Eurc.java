// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.List;
import java.util.Optional;

/**
 * Known deployments of EURC (<a
 * href="https://developers.circle.com/stablecoins/eurc-contract-addresses">EURC contract
 * addresses</a>), a token of a euro with 6 decimals.
 *
 * <p>A {@link Price} counts one token as one dollar: {@code $0.01} in EURC is one euro cent, and a
 * spending limit in dollars counts a euro as a dollar. So nothing takes or pays EURC unless it is
 * named.
 */
public final class Eurc {
  /** EURC on Base. */
  public static final Token BASE =
      eurc(Network.BASE, "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42", "EURC");

  /** EURC on Base Sepolia (test network). */
  public static final Token BASE_SEPOLIA =
      eurc(Network.BASE_SEPOLIA, "0x808456652fdb597867f38412077A9182bf77359F", "EURC");

  /** EURC on Ethereum. */
  public static final Token ETHEREUM =
      eurc(Network.ETHEREUM, "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c", "Euro Coin");

  /** EURC on Avalanche C-Chain. */
  public static final Token AVALANCHE =
      eurc(Network.AVALANCHE, "0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD", "Euro Coin");

  private static final List<Token> ALL = List.of(BASE, BASE_SEPOLIA, ETHEREUM, AVALANCHE);

  private Eurc() {}

  /** Returns the known deployments. */
  public static List<Token> all() {
    return ALL;
  }

  /** Returns EURC on this network, empty where no deployment is known here. */
  public static Optional<Token> on(Network network) {
    return ALL.stream().filter(token -> token.network().equals(network)).findFirst();
  }

  private static Token eurc(Network network, String contract, String name) {
    return new Token(network, Address.parse(contract), 6, name, "2");
  }
}
