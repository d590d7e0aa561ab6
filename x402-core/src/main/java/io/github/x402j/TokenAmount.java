// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.math.BigInteger;
import java.util.regex.Pattern;

/**
 * An amount of a token in its atomic units, 0 to 2<sup>256</sup> - 1 (a {@code uint256}).
 *
 * @param atomicUnits the amount; one USDC is 1,000,000
 */
public record TokenAmount(BigInteger atomicUnits) implements Comparable<TokenAmount> {
  private static final Pattern DECIMAL = Pattern.compile("0|[1-9][0-9]{0,77}");

  /** Checks the range. */
  public TokenAmount {
    if (atomicUnits.signum() < 0 || atomicUnits.bitLength() > 256) {
      throw new IllegalArgumentException("a token amount is 0 to 2^256 - 1 atomic units");
    }
  }

  /** Returns an amount in atomic units, at least 0. */
  public static TokenAmount of(long atomicUnits) {
    return new TokenAmount(BigInteger.valueOf(atomicUnits));
  }

  /**
   * Returns the amount that a message of the protocol spells.
   *
   * @param text ASCII decimal digits without sign, point, exponent or leading zero
   * @throws IllegalArgumentException if it is anything else, or over 2<sup>256</sup> - 1
   */
  public static TokenAmount parse(String text) {
    if (!DECIMAL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "an amount is a whole number of atomic units in decimal digits");
    }
    return new TokenAmount(new BigInteger(text));
  }

  /** Returns whether the amount is zero. */
  public boolean isZero() {
    return atomicUnits.signum() == 0;
  }

  @Override
  public int compareTo(TokenAmount other) {
    return atomicUnits.compareTo(other.atomicUnits);
  }

  /** Returns the decimal digits that the protocol's messages use. */
  @Override
  public String toString() {
    return atomicUnits.toString();
  }
}
