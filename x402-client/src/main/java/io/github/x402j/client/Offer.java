// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.math.BigDecimal;

/**
 * One of the ways to pay in a 402, as the client sees it: what the seller asks for, beside the
 * token that the caller named and this option is in.
 *
 * @param descriptor the whole 402 message; its texts are the seller's
 * @param requirements the option, one of the descriptor's
 * @param token the caller's token; what is signed is built from it and not from the seller's {@code
 *     extra}
 * @param x402Version the version of the protocol that the seller spoke, 1 or 2
 */
public record Offer(
    PaymentRequired descriptor, PaymentRequirements requirements, Token token, int x402Version) {

  /** Checks that the option is in this token and asks for something. */
  public Offer {
    if (!isIn(token, requirements)) {
      throw new IllegalArgumentException("token: expected the one that the requirements name");
    }
    if (requirements.amount().isZero()) {
      throw new IllegalArgumentException("amount: expected more than zero");
    }
    if (x402Version != 1 && x402Version != 2) {
      throw new IllegalArgumentException("x402Version: expected 1 or 2, found " + x402Version);
    }
  }

  /** Returns whether the option is in the token: same chain, same contract. Names do not count. */
  static boolean isIn(Token token, PaymentRequirements option) {
    return option.network().equals(token.network()) && option.asset().equals(token.contract());
  }

  /** Returns the price in dollars, taking one token for one dollar, exact to the digit. */
  public Price price() {
    return new Price(new BigDecimal(amount().atomicUnits(), token.decimals()));
  }

  /** Returns the price in atomic units of the token. */
  public TokenAmount amount() {
    return requirements.amount();
  }

  /** Returns the chain. */
  public Network network() {
    return token.network();
  }

  /** Returns who is to be paid. */
  public Address payTo() {
    return requirements.payTo();
  }

  /** Shows no text of the seller's. */
  @Override
  public String toString() {
    return String.format(
        "Offer[%s of %s on %s to %s, version %d]",
        price(), token.contract(), network(), payTo(), x402Version);
  }
}
