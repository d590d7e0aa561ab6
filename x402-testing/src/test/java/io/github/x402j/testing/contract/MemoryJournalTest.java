// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import io.github.x402j.client.wallet.SpendJournal;

class MemoryJournalTest extends SpendJournalContract {
  @Override
  public SpendJournal open() {
    return SpendJournal.inMemory();
  }
}
