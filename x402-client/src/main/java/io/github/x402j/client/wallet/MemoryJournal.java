// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/** The last entries of a journal, in memory. */
final class MemoryJournal implements JournalStorage {
  private static final int KEPT = 10_000;

  private final ArrayDeque<JournalEntry> entries = new ArrayDeque<>();

  @Override
  public Turn begin() {
    return new Turn() {
      @Override
      public void readNew(Consumer<JournalEntry> reader) {}

      @Override
      public void append(List<JournalEntry> more) {
        synchronized (entries) {
          entries.addAll(more);
          while (entries.size() > KEPT) {
            entries.removeFirst();
          }
        }
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void makeDurable() {}

  @Override
  public void forEach(Consumer<JournalEntry> reader) {
    List<JournalEntry> copy;
    synchronized (entries) {
      copy = List.copyOf(entries);
    }
    copy.forEach(reader);
  }

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "in memory";
  }
}
