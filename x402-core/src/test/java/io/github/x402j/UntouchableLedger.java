// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;
import java.util.Optional;

/** A ledger that must not hear of a payment: each method fails the test. */
final class UntouchableLedger implements PaymentLedger {
  private static AssertionError touched() {
    return new AssertionError("the ledger was touched");
  }

  @Override
  public Claim claim(PaymentKey key, String request, Instant keepUntil) {
    throw touched();
  }

  @Override
  public void settling(PaymentKey key, String transaction) {
    throw touched();
  }

  @Override
  public void suspend(PaymentKey key) {
    throw touched();
  }

  @Override
  public void delivered(PaymentKey key) {
    throw touched();
  }

  @Override
  public void release(PaymentKey key) {
    throw touched();
  }

  @Override
  public Use use(ReceiptKey key, long uses, Instant keepUntil) {
    throw touched();
  }

  @Override
  public void useDelivered(ReceiptKey key) {
    throw touched();
  }

  @Override
  public void useReleased(ReceiptKey key) {
    throw touched();
  }

  @Override
  public Optional<Entry> find(PaymentKey key) {
    throw touched();
  }
}
