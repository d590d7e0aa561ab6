// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/** Remembers until the process ends. */
final class MemoryJournal extends SpendJournal {
  private static final int KEPT = 10_000;

  private final ArrayDeque<JournalEntry> entries = new ArrayDeque<>();

  @Override
  public void forEach(Consumer<JournalEntry> reader) {
    List<JournalEntry> copy;
    synchronized (entries) {
      copy = List.copyOf(entries);
    }
    copy.forEach(reader);
  }

  @Override
  Turn begin() {
    return new Turn() {
      @Override
      public void unread(LineReader reader) {}

      @Override
      public void append(List<JournalLines.Written> lines) {
        synchronized (entries) {
          lines.forEach(line -> entries.addLast(line.entry()));
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
  void makeDurable() {}

  @Override
  public void close() {}

  @Override
  public String toString() {
    return "SpendJournal[in memory]";
  }
}
