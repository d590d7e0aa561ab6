// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Network;
import io.github.x402j.Stablecoin;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.http.BoundedHttp;
import java.math.BigDecimal;
import java.net.URI;
import java.util.Optional;
import java.util.regex.Pattern;

/** Shows amounts, chains and foreign text to a person. */
final class Display {
  private static final int LONGEST = 200;
  private static final Pattern TRANSACTION = Pattern.compile("0x[0-9a-f]{64}");

  private Display() {}

  /**
   * Returns foreign text that is safe to print: without the characters that move the cursor or turn
   * the direction of reading, and cut after 200 characters.
   */
  static String harmless(String text) {
    String shown = whole(text);
    return shown.length() <= LONGEST ? shown : shown.substring(0, LONGEST) + "...";
  }

  /** Returns the same, uncut. */
  static String whole(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "?");
  }

  /**
   * Returns the amount in dollars, one token being one dollar: {@code $0.01}. Of a token that is
   * known to be of another currency, in tokens: {@code 0.01 EURC}.
   */
  static String price(TokenAmount amount, Token token) {
    BigDecimal tokens = new BigDecimal(amount.atomicUnits(), token.decimals()).stripTrailingZeros();
    String number = (tokens.scale() < 2 ? tokens.setScale(2) : tokens).toPlainString();
    return Stablecoin.of(token.network(), token.contract())
        .filter(coin -> !coin.isDollar())
        .map(coin -> number + " " + coin.symbol())
        .orElse("$" + number);
  }

  /**
   * Returns the page of a transaction at the chain's explorer, empty if none is known. A seller on
   * this machine sells on a chain for tests, whatever the id of the chain is.
   *
   * @param seller the URL that was paid for
   */
  static Optional<URI> page(URI seller, Network network, String transaction) {
    return BoundedHttp.isLoopback(String.valueOf(seller.getHost()))
            || !TRANSACTION.matcher(transaction).matches()
        ? Optional.empty()
        : network.transactionPage(transaction);
  }

  /** Returns the chain's name and id: {@code Base Sepolia (eip155:84532)}. */
  static String name(Network network) {
    return network.displayName().orElse("a chain without a known name") + " (" + network + ")";
  }
}
