// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.gate.InMemoryPaymentLedger;
import io.github.x402j.gate.InMemorySalesBook;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.SalesBook;

class InMemorySalesBookContractTest extends SalesBookContract {
  @Override
  public SalesBook emptyBook() {
    return InMemorySalesBook.create();
  }

  @Override
  public PaymentLedger emptyLedger() {
    return InMemoryPaymentLedger.create();
  }
}
