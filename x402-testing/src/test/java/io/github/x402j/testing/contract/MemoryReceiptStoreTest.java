// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.client.ReceiptStore;

class MemoryReceiptStoreTest extends ReceiptStoreContract {
  @Override
  public ReceiptStore store(int capacity) {
    return ReceiptStore.inMemory(capacity);
  }
}
