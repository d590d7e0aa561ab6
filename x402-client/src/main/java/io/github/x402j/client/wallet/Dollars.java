// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.math.BigDecimal;

/**
 * An amount of US dollars, exact to the digit. Unlike a {@link Price} it can be zero. Immutable.
 *
 * @param amount zero or more
 */
public record Dollars(BigDecimal amount) implements Comparable<Dollars> {
  /** No money. */
  public static final Dollars ZERO = new Dollars(BigDecimal.ZERO);

  /**
   * Checks the amount.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public Dollars {
    if (amount.signum() < 0) {
      throw new IllegalArgumentException("dollars: expected zero or more");
    }
    amount = amount.stripTrailingZeros();
  }

  /**
   * Returns the amount that the text spells.
   *
   * @param text {@code $0}, or what {@link Price#parse} takes
   * @throws IllegalArgumentException if it is anything else
   */
  public static Dollars parse(String text) {
    return text.equals("$0") ? ZERO : of(Price.parse(text));
  }

  /** Returns the price as an amount. */
  public static Dollars of(Price price) {
    return new Dollars(price.dollars());
  }

  /** Returns the amount of a token. One token counts as one dollar. */
  public static Dollars of(TokenAmount amount, Token token) {
    return new Dollars(new BigDecimal(amount.atomicUnits(), token.decimals()));
  }

  /** Returns the sum. */
  public Dollars plus(Dollars other) {
    return new Dollars(amount.add(other.amount));
  }

  /** Returns this less the other, at least zero. */
  public Dollars minus(Dollars other) {
    return new Dollars(amount.subtract(other.amount).max(BigDecimal.ZERO));
  }

  /** Returns whether this is more than the other; equal is not more. */
  public boolean isMoreThan(Dollars other) {
    return compareTo(other) > 0;
  }

  @Override
  public int compareTo(Dollars other) {
    return amount.compareTo(other.amount);
  }

  /** Returns the amount as in {@code $0.05}. */
  @Override
  public String toString() {
    return "$" + amount.toPlainString();
  }
}
