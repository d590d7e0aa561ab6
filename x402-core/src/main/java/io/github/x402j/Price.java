// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.math.BigDecimal;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What something costs, in US dollars, exact to the digit.
 *
 * @param dollars more than zero
 */
public record Price(BigDecimal dollars) {
  private static final Pattern DOLLARS =
      Pattern.compile("\\$(0|[1-9][0-9]{0,14})(\\.[0-9]{1,36})?");

  /** Checks that the price is more than zero; a resource that costs nothing is a free route. */
  public Price {
    if (dollars.signum() <= 0) {
      throw new IllegalArgumentException(
          "price "
              + dollars.toPlainString()
              + ": expected more than zero; for a resource that"
              + " costs nothing say free()");
    }
    dollars = dollars.stripTrailingZeros();
  }

  /**
   * Returns the price that the text spells.
   *
   * <p>{@code Price.parse("$0.01").in(Usdc.BASE)} is 10,000 atomic units.
   *
   * @param text a dollar sign and a decimal number: {@code $0.01}. No sign, exponent, thousands
   *     separator or bare number
   * @throws IllegalArgumentException if it is anything else, or zero
   */
  public static Price parse(@Nullable String text) {
    if (text == null || !DOLLARS.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "price \"" + text + "\": expected a dollar sign and a decimal number such as $0.01");
    }
    return new Price(new BigDecimal(text.substring(1)));
  }

  /**
   * Returns this price in atomic units of the token, taking one token for one dollar.
   *
   * @throws IllegalArgumentException if the price has more decimal digits than the token, which
   *     would have to be rounded
   */
  public TokenAmount in(Token token) {
    if (dollars.scale() > token.decimals()) {
      throw new IllegalArgumentException(
          String.format(
              "price %s has %d decimal digits, but %s on %s has only %d: use a price that the token"
                  + " can express",
              this,
              dollars.scale(),
              token.hasDomain() ? token.name() : token.contract(),
              token.network(),
              token.decimals()));
    }
    return new TokenAmount(dollars.movePointRight(token.decimals()).toBigIntegerExact());
  }

  @Override
  public String toString() {
    return "$" + dollars.toPlainString();
  }
}
