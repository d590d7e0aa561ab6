// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link SpendJournal} keeps its entries, and what follows from them: payments, sums and
 * notes. Any number of processes share it. Meant to be implemented.
 *
 * <p>A storage keeps what it is given, and decides nothing. The journal calls {@link #begin} and
 * the turn from one thread at a time. The other methods may be called by several threads at once,
 * also during a turn. An implementation passes {@code SpendJournalContract}.
 */
public interface JournalStorage extends Closeable {

  /** Reads one entry, with the checksum that was written with it. */
  interface EntryReader {
    /** Takes the next entry. */
    void read(JournalEntry entry, String checksum) throws IOException;
  }

  /** The last entry that was written: its number, 0 before the first, and its checksum. */
  record Last(long sequence, String checksum) {}

  /** What a sum is over. Its name says of which. */
  enum SumOf {
    /** All payments of the agent; the name is {@code -}. */
    ALL,
    /** A day in UTC, such as {@code 2026-05-01}. */
    DAY,
    /** An hour in UTC, such as {@code 2026-05-01T12}. */
    HOUR,
    /** A host. */
    HOST,
    /** A host on one day, such as {@code 2026-05-01 api.example.com}. */
    DAY_AND_HOST
  }

  /**
   * Returns the exclusive right to read and to write. Waits for other processes. The turn sees all
   * that was committed before.
   *
   * @throws IOException if the right cannot be had within a bounded time
   */
  Turn begin() throws IOException;

  /**
   * Returns when nothing that was committed before can be lost, even if the power fails.
   *
   * @throws IOException if that is not certain
   */
  void makeDurable() throws IOException;

  /**
   * Gives each entry after this number that was committed before this call, oldest first.
   *
   * @throws IOException if the storage cannot be read, or the reader fails
   */
  void forEachEntry(long after, EntryReader reader) throws IOException;

  /**
   * Gives each payment that the filter selects, oldest first.
   *
   * @throws IOException if the storage cannot be read
   */
  void forEachPayment(SpendFilter filter, Consumer<BookedPayment> reader) throws IOException;

  /**
   * Gives each line of a journal that an earlier version has kept here, oldest first. They are read
   * once, when there is no entry yet. Default: none.
   *
   * @throws IOException if the storage cannot be read
   */
  default void forEachFormerLine(Consumer<String> reader) throws IOException {}

  /**
   * Names each damage of the storage itself that it can find. Entries, payments, sums and notes are
   * compared by the journal. Default: none.
   *
   * @throws IOException if the storage cannot be read
   */
  default void check(Consumer<String> damage) throws IOException {}

  /**
   * Writes a copy of all that was committed to a new file, while others go on writing.
   *
   * @throws UnsupportedOperationException if the storage is not a file. The default
   * @throws IOException if the file is there already, or cannot be written
   */
  default void backup(Path file) throws IOException {
    throw new UnsupportedOperationException("journal: " + this + " is backed up by its own tools");
  }

  /**
   * The exclusive right to read and to write. What is written takes effect with {@link #commit},
   * all of it or nothing. Closing gives the right up, and undoes what was not committed.
   */
  interface Turn extends Closeable {
    /** Returns the last entry. */
    Last last() throws IOException;

    /** Writes the entry, which has the number that comes next. */
    void append(JournalEntry entry, String checksum) throws IOException;

    /** Returns the agents that have a note of this name, in the order in which they got it. */
    List<String> agentsWith(String note) throws IOException;

    /** Returns the note of the agent with this name. */
    Optional<String> note(String agent, String name) throws IOException;

    /** Returns the notes of the agent whose names begin so, by their names. */
    SortedMap<String, String> notes(String agent, String prefix) throws IOException;

    /**
     * Writes or replaces a note.
     *
     * @param name at most 200 characters
     * @param value of any length; null takes the note away
     */
    void note(String agent, String name, @Nullable String value) throws IOException;

    /** Returns the payment. */
    Optional<BookedPayment> payment(String agent, String nonce) throws IOException;

    /** Returns the payments that are neither settled nor returned, oldest first. */
    List<BookedPayment> openPayments(String agent) throws IOException;

    /**
     * Returns payments that were not returned and were allowed after one time and before another.
     *
     * @param most the greatest number of payments to return
     */
    List<BookedPayment> payments(String agent, Instant after, Instant before, int most)
        throws IOException;

    /** Writes or replaces the payment. */
    void payment(BookedPayment payment) throws IOException;

    /** Returns the sum, {@link SpendSum#NONE} if there is none. */
    SpendSum sum(String agent, SumOf what, String name) throws IOException;

    /** Returns the sums whose names are this one or come after it. */
    SortedMap<String, SpendSum> sums(String agent, SumOf what, String from) throws IOException;

    /** Writes or replaces the sum. */
    void sum(String agent, SumOf what, String name, SpendSum sum) throws IOException;

    /** Makes all that was written in this turn take effect, together. */
    void commit() throws IOException;
  }
}
