// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

/** Sells for the {@code Payment} HTTP scheme, too. */
final class InteropPaymentScheme implements InteropSale {
  InteropPaymentScheme() {}

  @Override
  public void set(Shop shop) {
    shop.filter().mpp("a secret of the suite, which is known to everybody");
  }
}
