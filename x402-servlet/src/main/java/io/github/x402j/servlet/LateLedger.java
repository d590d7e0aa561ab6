// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import io.github.x402j.PaymentKey;
import io.github.x402j.ReceiptKey;
import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentLedger;
import java.time.Instant;
import java.util.Optional;

/**
 * A ledger that is chosen after the gate's builder was made, which asks for it at once. In memory
 * unless {@link #use} is called.
 */
final class LateLedger implements PaymentLedger {
  private volatile PaymentLedger ledger = InMemoryPaymentLedger.create();

  void use(PaymentLedger chosen) {
    ledger = chosen;
  }

  @Override
  public Claim claim(PaymentKey key, String request, Instant keepUntil) {
    return ledger.claim(key, request, keepUntil);
  }

  @Override
  public void settling(PaymentKey key, String transaction) {
    ledger.settling(key, transaction);
  }

  @Override
  public void suspend(PaymentKey key) {
    ledger.suspend(key);
  }

  @Override
  public void delivered(PaymentKey key) {
    ledger.delivered(key);
  }

  @Override
  public void release(PaymentKey key) {
    ledger.release(key);
  }

  @Override
  public Use use(ReceiptKey key, long uses, Instant keepUntil) {
    return ledger.use(key, uses, keepUntil);
  }

  @Override
  public void useDelivered(ReceiptKey key) {
    ledger.useDelivered(key);
  }

  @Override
  public void useReleased(ReceiptKey key) {
    ledger.useReleased(key);
  }

  @Override
  public Optional<Entry> find(PaymentKey key) {
    return ledger.find(key);
  }
}
