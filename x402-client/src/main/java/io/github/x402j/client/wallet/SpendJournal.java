// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * An append-only list of every decision about any number of wallets. What a wallet may still spend
 * is computed from its journal. Processes that use the same file or table see the same amount.
 *
 * <p>Each decision is made under a lock that threads and processes share. It is based on everything
 * that was written before, and is written before anything acts on it. If the journal cannot be read
 * or written, nothing is paid.
 *
 * <p>Safe for use by several threads. Several journals may use one file or table; one journal per
 * process is faster.
 */
public final class SpendJournal implements Closeable {

  /** A decision that is based on what all wallets have spent. */
  interface Decision<R> {
    R on(JournalState all, List<JournalEntry.Draft> entries) throws IOException;
  }

  /** How long revoking waits for signatures and sendings that have begun; a signer may hang. */
  private static final Duration REVOKES_WITHIN = Duration.ofSeconds(3);

  private final ReentrantLock lock = new ReentrantLock();
  private final JournalState state = new JournalState();
  private final JournalStorage storage;

  private SpendJournal(JournalStorage storage) {
    this.storage = storage;
  }

  /**
   * Returns a journal in memory, which ends with the process. Its last 10,000 entries can be read.
   */
  public static SpendJournal inMemory() {
    return new SpendJournal(new MemoryJournal());
  }

  /**
   * Returns the journal in a file, which is created if it is missing. A second file, with {@code
   * .lock} added to the name, is what processes lock. Both must be on a file system whose locks
   * work between the processes.
   *
   * @throws IOException if it cannot be read or written, or a line in it is damaged. An incomplete
   *     last line, which a killed process leaves, is removed
   */
  public static SpendJournal file(Path file) throws IOException {
    return on(FileJournal.open(file));
  }

  /**
   * Returns the journal in a storage, after reading all of it. {@code JdbcJournal} of {@code
   * x402-jdbc} is the storage in a database.
   *
   * @param storage is closed with the journal, and also if this fails
   * @throws IOException if the storage cannot be read, or an entry is damaged
   */
  public static SpendJournal on(JournalStorage storage) throws IOException {
    SpendJournal journal = new SpendJournal(requireNonNull(storage));
    try {
      journal.readNew();
      return journal;
    } catch (IOException e) {
      journal.close();
      throw e;
    }
  }

  /**
   * Returns the status of each wallet at the time, in the order in which they were provisioned.
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
   * Returns the status of the agent's wallet at the time, empty if there is none.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public Optional<WalletStatus> wallet(String agent, Instant now) throws IOException {
    return decide(
        (all, entries) -> all.wallet(agent).map(state -> WalletStatus.of(agent, state, now)));
  }

  /**
   * Revokes the agent's wallet, for all threads and processes. After this returns, no sending of a
   * payment begins, and none is repeated. It waits for signers of this process, 3 seconds at most:
   * what a signer that hangs still signs is not sent. Does nothing if it was revoked before.
   *
   * @param reason text for the journal, cut to 200 characters
   * @throws IllegalArgumentException if there is no such wallet
   * @throws IOException if the journal cannot be written; the wallet may then not be revoked
   */
  public void revoke(String agent, String reason, Instant now) throws IOException {
    WalletState wallet =
        decide(
            (all, entries) -> {
              WalletState found = all.need(agent);
              if (!found.isRevoked()) {
                entries.add(about(agent, JournalEntry.Event.REVOKED, reason, now));
              }
              return found;
            });
    awaitPayments(wallet.leaving().writeLock());
  }

  /** Waits for those that have asked before the entry was there. */
  private static void awaitPayments(Lock none) {
    try {
      if (none.tryLock(REVOKES_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        none.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Lets a revoked wallet sign again, with the terms that it has. Does nothing if it is not
   * revoked.
   *
   * @param reason text for the journal, cut to 200 characters
   * @throws IllegalArgumentException if there is no such wallet
   * @throws IOException if the journal cannot be written; the wallet then stays revoked
   */
  public void reinstate(String agent, String reason, Instant now) throws IOException {
    decide(
        (all, entries) -> {
          if (all.need(agent).isRevoked()) {
            entries.add(about(agent, JournalEntry.Event.REINSTATED, reason, now));
          }
          return all;
        });
  }

  /**
   * Passes each entry that was written before this call to the reader, oldest first.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public void forEach(Consumer<JournalEntry> reader) throws IOException {
    readNew();
    storage.forEach(reader);
  }

  /**
   * Returns all entries, oldest first. {@link #forEach} needs less memory for a long journal.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public List<JournalEntry> entries() throws IOException {
    List<JournalEntry> entries = new ArrayList<>();
    forEach(entries::add);
    return entries;
  }

  /**
   * Returns the sum that each agent spent at each host on each day (UTC), in that order.
   *
   * @throws IOException if the journal cannot be read, or a line is damaged
   */
  public List<DailySpend> spendByDay() throws IOException {
    DailySpend.Totals spends = new DailySpend.Totals();
    forEach(spends::add);
    return spends.list();
  }

  /**
   * Writes each entry as a JSON object on a line of its own. All values are texts, in ASCII.
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

  private static JournalEntry.Draft about(
      String agent, JournalEntry.Event event, String reason, Instant now) {
    String shortened = reason.length() <= 200 ? reason : reason.substring(0, 200);
    return new JournalEntry.Draft(now, event, agent, "-", Map.of("reason", shortened));
  }

  /** Decides, writes the decision, and returns the result as soon as it cannot be lost. */
  <R> R decide(Decision<R> decision) throws IOException {
    R result;
    boolean durable;
    lock.lock();
    try (JournalStorage.Turn turn = storage.begin()) {
      readNew(turn);
      List<JournalEntry.Draft> drafts = new ArrayList<>();
      result = decision.on(state, drafts);
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

  /** Returns as soon as everything that was written before cannot be lost. */
  void makeDurable() throws IOException {
    storage.makeDurable();
  }

  private void readNew() throws IOException {
    decide((all, entries) -> all);
  }

  private void readNew(JournalStorage.Turn turn) throws IOException {
    try {
      turn.readNew(state::apply);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IOException("journal: an entry cannot be used: " + e.getMessage(), e);
    }
  }

  private void append(JournalStorage.Turn turn, List<JournalEntry.Draft> drafts)
      throws IOException {
    if (drafts.isEmpty()) {
      return;
    }
    List<JournalEntry> entries = new ArrayList<>();
    for (JournalEntry.Draft draft : drafts) {
      entries.add(draft.at(state.lastSequence() + 1 + entries.size()));
    }
    turn.append(entries);
    entries.forEach(state::apply);
  }

  /** Closes the storage. A data source stays open. */
  @Override
  public void close() throws IOException {
    storage.close();
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

  @Override
  public String toString() {
    return "SpendJournal[" + storage + "]";
  }
}
