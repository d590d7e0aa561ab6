// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.PaymentLedger;

class InMemoryPaymentLedgerContractTest extends PaymentLedgerContract {
  @Override
  public PaymentLedger emptyLedger() {
    return InMemoryPaymentLedger.create();
  }
}
