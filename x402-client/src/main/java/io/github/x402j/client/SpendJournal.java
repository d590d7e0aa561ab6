// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;

/**
 * The books of any number of wallets: an append-only list of all that was decided. What wallets may
 * still spend is what it says, also for other processes that use the same file or table.
 *
 * <p>Each decision is made alone: under a lock that threads and processes share, on all that was
 * written before, and is written before it is acted on. Where it cannot be read or written, nothing
 * is paid.
 *
 * <p>Safe for use by several threads. One per file and process is best, though more of them work.
 */
public abstract sealed class SpendJournal implements Closeable
    permits MemoryJournal, FileJournal, JdbcJournal {

  /** Something that is decided on the book. */
  interface Decision<R> {
    R on(Book book, List<JournalEntry.Draft> entries) throws IOException;
  }

  /** The sole right to read what is new and to write. Closing it gives it up. */
  interface Turn extends Closeable {
    /** Gives each line that was not read before. */
    void unread(LineReader reader) throws IOException;

    /** Writes all of the lines or, as far as readers can see, none. */
    void append(List<JournalLines.Written> lines) throws IOException;
  }

  /** Takes lines. */
  interface LineReader {
    void read(String line) throws IOException;
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Book book = new Book();
  private JournalLines lines = new JournalLines();

  SpendJournal() {}

  /** Returns a journal that is gone with the process, and keeps the last 10,000 entries to read. */
  public static SpendJournal inMemory() {
    return new MemoryJournal();
  }

  /**
   * Opens or begins a journal in a file. A file beside it, with {@code .lock} added to the name, is
   * what processes lock. Both must be on a file system whose locks work between the processes.
   *
   * @throws IOException if it cannot be read or written, or a line in it is damaged. A last line
   *     without its end, as a process that was killed leaves it, is removed
   */
  public static SpendJournal file(Path file) throws IOException {
    return FileJournal.open(file).caughtUp();
  }

  /**
   * Opens or begins a journal in a database, in the table {@code x402_journal}, with {@code
   * x402_journal_lock} beside it; tables that are missing are created.
   *
   * @param dataSource gives connections on which a transaction can lock a row by an {@code UPDATE}
   * @throws IOException if it cannot be read or written, or a line in it is damaged
   */
  public static SpendJournal jdbc(DataSource dataSource) throws IOException {
    return JdbcJournal.open(requireNonNull(dataSource)).caughtUp();
  }

  /**
   * Returns what is known of each wallet at the time, in the order they were provisioned in.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public List<WalletStatus> wallets(Instant now) throws IOException {
    return decide(
        (all, entries) ->
            all.agents().stream()
                .map(agent -> WalletStatus.of(agent, all.need(agent), now))
                .toList());
  }

  /**
   * Returns what is known of the agent's wallet at the time, empty if there is none.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public Optional<WalletStatus> wallet(String agent, Instant now) throws IOException {
    return decide(
        (all, entries) -> all.wallet(agent).map(book -> WalletStatus.of(agent, book, now)));
  }

  /**
   * Revokes the agent's wallet, for all threads and processes. When this returns, no payment leaves
   * it any more. Does nothing if it was revoked before.
   *
   * @param reason for people, at most 200 characters
   * @throws IllegalArgumentException if there is no such wallet
   * @throws IOException if the journal cannot be written: the wallet is then not known to be
   *     revoked
   */
  public void revoke(String agent, String reason, Instant now) throws IOException {
    WalletBook wallet =
        decide(
            (all, entries) -> {
              WalletBook found = all.need(agent);
              if (!found.isRevoked()) {
                entries.add(revocation(agent, reason, now));
              }
              return found;
            });
    // Signings of this process that began before: they find out before they give anything away.
    wallet.signing().writeLock().lock();
    wallet.signing().writeLock().unlock();
  }

  /**
   * Gives each entry, oldest first, that was written before this was called.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public abstract void forEach(Consumer<JournalEntry> reader) throws IOException;

  /**
   * Returns all entries, oldest first. Long journals are read better by {@link #forEach}.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public List<JournalEntry> entries() throws IOException {
    List<JournalEntry> entries = new ArrayList<>();
    forEach(entries::add);
    return entries;
  }

  /**
   * Returns what each agent spent at each host on each day (UTC), in that order.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public List<DailySpend> spendByDay() throws IOException {
    DailySpends spends = new DailySpends();
    forEach(spends::add);
    return spends.list();
  }

  /**
   * Writes each entry as a JSON object on a line of its own, with text values only.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeJsonLines(Appendable out) throws IOException {
    export(JournalExport::jsonLine, out);
  }

  /**
   * Writes all entries as CSV (RFC 4180) with a header line. A cell that a spreadsheet would take
   * for a formula begins with an apostrophe.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeCsv(Appendable out) throws IOException {
    out.append(JournalExport.csvHeader());
    export(JournalExport::csvLine, out);
  }

  static JournalEntry.Draft revocation(String agent, String reason, Instant now) {
    String shortened = reason.length() <= 200 ? reason : reason.substring(0, 200);
    return new JournalEntry.Draft(
        now, JournalEntry.Event.REVOKED, agent, "-", Map.of("reason", shortened));
  }

  /** Decides, writes what was decided, and returns the result once it will not be lost. */
  final <R> R decide(Decision<R> decision) throws IOException {
    R result;
    boolean durable;
    lock.lock();
    try (Turn turn = begin()) {
      turn.unread(line -> book.apply(lines.read(line)));
      List<JournalEntry.Draft> drafts = new ArrayList<>();
      result = decision.on(book, drafts);
      append(turn, drafts);
      durable = drafts.stream().anyMatch(draft -> draft.event().mustBeDurable());
    } finally {
      lock.unlock();
    }
    if (durable) {
      makeDurable();
    }
    return result;
  }

  /** Takes the turn, waiting for other processes. The caller holds the lock between threads. */
  abstract Turn begin() throws IOException;

  /** Returns when all that was written before cannot be lost. */
  abstract void makeDurable() throws IOException;

  final SpendJournal caughtUp() throws IOException {
    try {
      decide((all, entries) -> all.agents().size());
      return this;
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private void append(Turn turn, List<JournalEntry.Draft> drafts) throws IOException {
    if (drafts.isEmpty()) {
      return;
    }
    JournalLines next = lines.copy();
    List<JournalLines.Written> written = drafts.stream().map(next::write).toList();
    turn.append(written);
    lines = next;
    written.forEach(line -> book.apply(line.entry()));
  }

  private void export(Function<JournalEntry, String> format, Appendable out) throws IOException {
    List<IOException> failures = new ArrayList<>();
    forEach(
        entry -> {
          try {
            if (failures.isEmpty()) {
              out.append(format.apply(entry));
            }
          } catch (IOException e) {
            failures.add(e);
          }
        });
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }
}
