// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

class MemoryJournalTest extends SpendJournalContract {
  @Override
  public SpendJournal open() {
    return SpendJournal.inMemory();
  }
}
