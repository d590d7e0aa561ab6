// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.extension.PaymentIdentifiers;

/** Announces an extension, whose echo is compared. */
final class InteropEcho implements InteropSale {
  @Override
  public void set(Shop shop) {
    shop.filter().paymentIdentifiers(PaymentIdentifiers.optional());
  }
}
