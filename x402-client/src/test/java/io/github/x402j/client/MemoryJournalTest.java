// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

class MemoryJournalTest extends SpendJournalContract {
  @Override
  SpendJournal open() {
    return SpendJournal.inMemory();
  }
}
