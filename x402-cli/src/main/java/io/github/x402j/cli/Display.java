// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Shows amounts, chains and foreign text to a person. */
final class Display {
  private static final int LONGEST = 200;

  private Display() {}

  /**
   * Returns foreign text that is safe to print: without the characters that move the cursor or turn
   * the direction of reading, and cut after 200 characters.
   */
  static String harmless(String text) {
    String shown = text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "?");
    return shown.length() <= LONGEST ? shown : shown.substring(0, LONGEST) + "...";
  }

  /** Returns the amount in dollars, one token being one dollar: {@code $0.01}. */
  static String dollars(TokenAmount amount, Token token) {
    BigDecimal dollars =
        new BigDecimal(amount.atomicUnits(), token.decimals()).stripTrailingZeros();
    return "$" + (dollars.scale() < 2 ? dollars.setScale(2) : dollars).toPlainString();
  }

  /** Returns the chain's name and id: {@code Base Sepolia (eip155:84532)}. */
  static String name(Network network) {
    String name;
    if (network.equals(Network.ARBITRUM_ONE)) {
      name = "Arbitrum One";
    } else if (network.equals(Network.ARBITRUM_SEPOLIA)) {
      name = "Arbitrum Sepolia";
    } else {
      name = network.v1Name().map(Display::capitalised).orElse("a chain without a known name");
    }
    return name + " (" + network + ")";
  }

  private static String capitalised(String hyphenated) {
    return Arrays.stream(hyphenated.split("-"))
        .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
        .collect(Collectors.joining(" "));
  }
}
