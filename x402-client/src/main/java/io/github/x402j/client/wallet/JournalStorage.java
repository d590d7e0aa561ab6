// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/**
 * Where a {@link SpendJournal} keeps its entries: an append-only list that any number of processes
 * share. Meant to be implemented.
 *
 * <p>The journal calls {@link #begin} and the turn from one thread at a time. The other methods may
 * be called by several threads at once, also during a turn. {@link JournalLines} writes entries as
 * lines of text with checksums. An implementation passes {@code SpendJournalContract}.
 */
public interface JournalStorage extends Closeable {

  /**
   * Returns the exclusive right to read what is new and to append. Waits for other processes.
   *
   * @throws IOException if the right cannot be had within a bounded time, or the storage cannot be
   *     used any more
   */
  Turn begin() throws IOException;

  /**
   * Returns when no entry that was appended before can be lost, even if the power fails.
   *
   * @throws IOException if that is not certain
   */
  void makeDurable() throws IOException;

  /**
   * Gives each entry up to the last one that a turn has read or appended, oldest first.
   *
   * @throws IOException if the storage cannot be read, or an entry is damaged or missing
   */
  void forEach(Consumer<JournalEntry> reader) throws IOException;

  /** The exclusive right to read what is new and to append. Closing it gives the right up. */
  interface Turn extends Closeable {
    /**
     * Gives each entry that this storage object has neither given nor appended in a turn before.
     *
     * @throws IOException if the storage cannot be read, or an entry is damaged or missing; all
     *     later turns then fail, because some of the entries were given
     */
    void readNew(Consumer<JournalEntry> reader) throws IOException;

    /**
     * Appends all of the entries or, as far as readers can see, none.
     *
     * @param entries at least one, with the sequence numbers that come next
     * @throws IOException if they could not be appended
     */
    void append(List<JournalEntry> entries) throws IOException;
  }
}
