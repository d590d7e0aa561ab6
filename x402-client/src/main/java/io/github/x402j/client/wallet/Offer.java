// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Price;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import java.math.BigDecimal;

/**
 * One way to pay for a request: the requirements of the seller, and the caller's token that they
 * are in. Immutable.
 *
 * @param descriptor the whole descriptor; its texts are the seller's
 * @param requirements the requirements, one of the descriptor's
 * @param token the caller's token; what is signed is built from it, not from the seller's {@code
 *     extra}
 * @param x402Version the protocol version that the seller spoke, 1 or 2
 */
public record Offer(
    PaymentRequired descriptor, PaymentRequirements requirements, Token token, int x402Version) {

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the requirements are not in the token or ask for nothing,
   *     or there is no such version
   */
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

  /** Returns whether the option is in the token: same chain and contract. Names do not count. */
  public static boolean isIn(Token token, PaymentRequirements option) {
    return option.network().equals(token.network()) && option.asset().equals(token.contract());
  }

  /** Returns the exact price in dollars. One token counts as one dollar. */
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

  /** Returns the account that is to be paid. */
  public Address payTo() {
    return requirements.payTo();
  }

  /** Returns the price with the exact amount, such as "$0.05 (50000 atomic units of ...)". */
  String priceText() {
    return String.format(
        "%s (%s atomic units of %s on %s)", price(), amount(), token.contract(), network());
  }

  /** Shows no text of the seller's. */
  @Override
  public String toString() {
    return String.format(
        "Offer[%s of %s on %s to %s, version %d]",
        price(), token.contract(), network(), payTo(), x402Version);
  }
}
