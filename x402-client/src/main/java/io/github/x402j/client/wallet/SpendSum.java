// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

/**
 * A sum over payments of one agent. Immutable.
 *
 * @param spent reserved amounts included, returned ones not
 * @param confirmed the part of that which was settled, or whose seller delivered
 * @param settled the part of that which was settled
 * @param payments the number of the payments that are in {@code spent}
 */
public record SpendSum(Dollars spent, Dollars confirmed, Dollars settled, long payments) {
  /** The sum over no payment. */
  public static final SpendSum NONE = new SpendSum(Dollars.ZERO, Dollars.ZERO, Dollars.ZERO, 0);

  SpendSum allowed(Dollars price) {
    return new SpendSum(spent.plus(price), confirmed, settled, payments + 1);
  }

  SpendSum confirmed(Dollars price) {
    return new SpendSum(spent, confirmed.plus(price), settled, payments);
  }

  SpendSum settled(Dollars price) {
    return new SpendSum(spent, confirmed, settled.plus(price), payments);
  }

  SpendSum returned(Dollars price, boolean wasConfirmed) {
    return new SpendSum(
        spent.minus(price),
        wasConfirmed ? confirmed.minus(price) : confirmed,
        settled,
        payments - 1);
  }

  SpendSum plus(SpendSum other) {
    return new SpendSum(
        spent.plus(other.spent),
        confirmed.plus(other.confirmed),
        settled.plus(other.settled),
        payments + other.payments);
  }
}
