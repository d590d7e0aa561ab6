// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.PaymentKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Payments that an error broke off, while that error is on its way to the caller. */
final class Abandoned {
  private static final Logger log = LoggerFactory.getLogger(Abandoned.class);

  private Abandoned() {}

  /** Lets go of the payment, unless that is what failed. */
  static void suspend(PaymentLedger ledger, PaymentKey key) {
    try {
      ledger.suspend(key);
    } catch (IllegalStateException e) { // must not take the place of the error that came first
      log.debug("a payment that broke off was not suspended: {}", e.getMessage());
    }
  }
}
