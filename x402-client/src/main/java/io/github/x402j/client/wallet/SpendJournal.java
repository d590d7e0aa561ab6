// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An append-only list of every decision about any number of wallets. What a wallet may still spend
 * is computed from its journal. Processes that use the same file or tables see the same amount.
 *
 * <p>Each decision is made under a lock that threads and processes share. It is based on everything
 * that was written before, and is written before anything acts on it. If the journal cannot be read
 * or written, nothing is paid.
 *
 * <p>Safe for use by several threads. Several journals may use one file or one set of tables; one
 * journal per process is faster.
 */
public final class SpendJournal implements Closeable {

  /** A decision that is based on what all wallets have spent. */
  interface Decision<R> {
    R on(JournalState all, List<JournalEntry.Draft> entries) throws IOException;
  }

  /** How long revoking waits for signatures and sendings that have begun; a signer may hang. */
  private static final Duration REVOKES_WITHIN = Duration.ofSeconds(3);

  /** How many entries are verified when a journal is opened; {@link #check} verifies all. */
  private static final int VERIFIED_AT_START = 1000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, ReadWriteLock> leaving = new ConcurrentHashMap<>();
  private final UnderWay underWay = new UnderWay();
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
   * Returns the journal in a file of SQLite, which is created if it is missing. It needs {@code
   * io.github.x402j:x402-jdbc} and {@code org.xerial:sqlite-jdbc} on the class path. While it is
   * open, two more files are beside it, with {@code -wal} and {@code -shm} added to the name. All
   * must be on a file system of this machine. A file of lines, which earlier versions wrote, is
   * imported once and kept with {@code .lines} added to the name.
   *
   * @throws IOException if it cannot be read or written, others may read it, one of the last 1,000
   *     entries is damaged, or a library is missing; the message says which
   */
  public static SpendJournal file(Path file) throws IOException {
    return FormerFile.open(file);
  }

  /**
   * Returns the journal in a storage, after verifying its last 1,000 entries. {@code JdbcJournal}
   * of {@code x402-jdbc} is the storage in a database.
   *
   * @param storage is closed with the journal, and also if this fails
   * @throws IOException if the storage cannot be read, or an entry is damaged
   */
  public static SpendJournal on(JournalStorage storage) throws IOException {
    SpendJournal journal = new SpendJournal(requireNonNull(storage));
    try {
      long last = journal.lastSequence();
      if (last == 0) {
        journal.importFormerLines();
      } else {
        JournalCheck.requireLast(VERIFIED_AT_START, storage, last);
      }
      return journal;
    } catch (IOException e) {
      journal.close();
      throw e;
    }
  }

  private void importFormerLines() throws IOException {
    List<String> lines = new ArrayList<>();
    storage.forEachFormerLine(lines::add);
    if (!lines.isEmpty()) {
      FormerFile.importInto(
          this,
          reader -> {
            for (String line : lines) {
              reader.read(line);
            }
          });
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
    revoke(agent, reason, null, now);
  }

  /**
   * Revokes the agent's wallet, as {@link #revoke(String, String, Instant)} does.
   *
   * @param by the name of the person or program that revokes, for the journal; null for none
   */
  public void revoke(String agent, String reason, @Nullable String by, Instant now)
      throws IOException {
    WalletState wallet =
        decide(
            (all, entries) -> {
              WalletState found = all.need(agent);
              if (!found.isRevoked()) {
                entries.add(about(agent, JournalEntry.Event.REVOKED, reason, by, now));
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
    reinstate(agent, reason, null, now);
  }

  /**
   * Lets a revoked wallet sign again, as {@link #reinstate(String, String, Instant)} does.
   *
   * @param by the name of the person or program that reinstates, for the journal; null for none
   */
  public void reinstate(String agent, String reason, @Nullable String by, Instant now)
      throws IOException {
    decide(
        (all, entries) -> {
          if (all.need(agent).isRevoked()) {
            entries.add(about(agent, JournalEntry.Event.REINSTATED, reason, by, now));
          }
          return all;
        });
  }

  /**
   * Lets a host be paid again that was stopped: what it took without delivering, and its payments
   * whose outcome is not known, stop no further payment of the agent.
   *
   * @param reason text for the journal, cut to 200 characters
   * @throws IllegalArgumentException if there is no such wallet
   * @throws IOException if the journal cannot be written
   */
  public void reinstateHost(String agent, String host, String reason, Instant now)
      throws IOException {
    reinstateHost(agent, host, reason, null, now);
  }

  /**
   * Lets a host be paid again, as {@link #reinstateHost(String, String, String, Instant)} does.
   *
   * @param by the name of the person or program that reinstates, for the journal; null for none
   */
  public void reinstateHost(
      String agent, String host, String reason, @Nullable String by, Instant now)
      throws IOException {
    JournalEntry.Draft about = about(agent, JournalEntry.Event.REINSTATED, reason, by, now);
    Map<String, String> details = new TreeMap<>(about.details());
    details.put("host", host.toLowerCase(Locale.ROOT));
    decide(
        (all, entries) -> {
          all.need(agent);
          return entries.add(new JournalEntry.Draft(now, about.event(), agent, "-", details));
        });
  }

  /**
   * Changes the policy that is kept with the agent's wallet, for all processes. Approvals by code
   * are not kept.
   *
   * @param by who changes it, for the journal
   * @throws IllegalArgumentException if there is no such wallet
   * @throws IOException if the journal cannot be written; the old policy may then still apply
   */
  public void setPolicy(String agent, SpendingPolicy policy, String by, Instant now)
      throws IOException {
    decide(
        (all, entries) -> {
          Map<String, String> details =
              new TreeMap<>(all.need(agent).terms().withPolicy(policy).details());
          details.put("by", shortened(by));
          return entries.add(
              new JournalEntry.Draft(now, JournalEntry.Event.PROVISIONED, agent, "-", details));
        });
    makeDurable();
  }

  /**
   * Returns the approvals that payments wait for or can use at the time, of all agents.
   *
   * @throws IOException if the journal cannot be read
   */
  public List<ApprovalRequest> approvals(Instant now) throws IOException {
    return decide(
        (all, entries) -> {
          List<ApprovalRequest> found = new ArrayList<>();
          for (String agent : all.agents()) {
            found.addAll(all.need(agent).approvals().at(now));
          }
          return found;
        });
  }

  /**
   * Approves a payment that waits. The agent's next try for the same request goes through, once,
   * within the time that its policy names.
   *
   * @param id the name of the approval
   * @param by who approves, for the journal
   * @throws IllegalArgumentException if there is none that waits at the time
   * @throws IOException if the journal cannot be written
   */
  public void approve(String id, String by, Instant now) throws IOException {
    decide(
        (all, entries) ->
            entries.add(
                Approvals.decision(all, id, JournalEntry.Event.APPROVED, shortened(by), now)));
  }

  /**
   * Denies a payment that waits. The agent's tries for the same request are declined, within the
   * time that its policy names.
   *
   * @param id the name of the approval
   * @param by who denies, for the journal
   * @throws IllegalArgumentException if there is none that waits at the time
   * @throws IOException if the journal cannot be written
   */
  public void deny(String id, String by, Instant now) throws IOException {
    decide(
        (all, entries) ->
            entries.add(
                Approvals.decision(all, id, JournalEntry.Event.DENIED, shortened(by), now)));
  }

  /** Returns the nonces of the payments that this process is sending; safe for several threads. */
  UnderWay underWay() {
    return underWay;
  }

  /** The payments that a process is sending. Their outcome is not known, and not lost either. */
  static final class UnderWay {
    /** So many are not under way: their callers did not report an outcome. */
    private static final int MOST = 10_000;

    private final Set<String> nonces = ConcurrentHashMap.newKeySet();

    void add(String nonce) {
      if (nonces.size() >= MOST) {
        nonces.clear();
      }
      nonces.add(nonce);
    }

    void remove(String nonce) {
      nonces.remove(nonce);
    }

    boolean contains(String nonce) {
      return nonces.contains(nonce);
    }
  }

  /**
   * Passes each entry that was written before this call to the reader, oldest first.
   *
   * @throws IOException if the journal cannot be read
   */
  public void forEach(Consumer<JournalEntry> reader) throws IOException {
    storage.forEachEntry(0, (entry, checksum) -> reader.accept(entry));
  }

  /**
   * Passes each payment that the filter selects to the reader, oldest first.
   *
   * @throws IOException if the journal cannot be read
   */
  public void forEachPayment(SpendFilter filter, Consumer<BookedPayment> reader)
      throws IOException {
    storage.forEachPayment(filter, reader);
  }

  /**
   * Returns the payments that the filter selects, oldest first. {@link #forEachPayment} needs less
   * memory for many.
   *
   * @throws IOException if the journal cannot be read
   */
  public List<BookedPayment> payments(SpendFilter filter) throws IOException {
    List<BookedPayment> payments = new ArrayList<>();
    forEachPayment(filter, payments::add);
    return payments;
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
    return spendByDay(SpendFilter.all());
  }

  /**
   * Returns the sum that each agent spent at each host on each day (UTC), in that order, over the
   * payments that the filter selects.
   *
   * @throws IOException if the journal cannot be read
   */
  public List<DailySpend> spendByDay(SpendFilter filter) throws IOException {
    if (filter.task() != null || filter.state() != null || filter.last() > 0) {
      DailySpend.Totals totals = new DailySpend.Totals();
      forEachPayment(filter, totals::add);
      return totals.list();
    }
    return decide(
        (all, entries) ->
            all.agents().stream()
                .filter(agent -> filter.agent() == null || filter.agent().equals(agent))
                .flatMap(agent -> all.need(agent).daily(filter).stream())
                .sorted(DailySpend.ORDER)
                .toList());
  }

  /**
   * Writes each entry as a JSON object on a line of its own. All values are texts, in ASCII.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeJsonLines(Appendable out) throws IOException {
    storage.forEachEntry(0, (entry, checksum) -> out.append(JournalExport.jsonLine(entry)));
  }

  /**
   * Writes all entries as CSV (RFC 4180) with a header line. A cell that a spreadsheet would take
   * for a formula begins with an apostrophe.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeCsv(Appendable out) throws IOException {
    out.append(JournalExport.csvHeader());
    storage.forEachEntry(0, (entry, checksum) -> out.append(JournalExport.csvLine(entry)));
  }

  /**
   * Writes each payment that the filter selects as a JSON object on a line of its own.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeJsonLines(SpendFilter filter, Appendable out) throws IOException {
    export(filter, JournalExport::jsonLine, out);
  }

  /**
   * Writes the payments that the filter selects as CSV, as {@link #writeCsv(Appendable)} does.
   *
   * @throws IOException if the journal cannot be read, or the text cannot be written
   */
  public void writeCsv(SpendFilter filter, Appendable out) throws IOException {
    out.append(JournalExport.csvPaymentHeader());
    export(filter, JournalExport::csvLine, out);
  }

  /**
   * Verifies the storage, the checksum of each entry, and that payments, sums and notes are what
   * the entries say. Returns each damage that was found, the first 100; empty for a journal in
   * order. Others may pay meanwhile.
   *
   * @throws IOException if the journal cannot be read
   */
  public List<String> check() throws IOException {
    lock.lock();
    try {
      return new JournalCheck(storage).run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes a copy to a new file, while others go on paying.
   *
   * @throws UnsupportedOperationException if the journal is not in a file; a database has its own
   *     tools
   * @throws IOException if the file is there already, or cannot be written
   */
  public void backup(Path file) throws IOException {
    storage.backup(file);
  }

  private static JournalEntry.Draft about(
      String agent, JournalEntry.Event event, String reason, @Nullable String by, Instant now) {
    Map<String, String> details = new TreeMap<>();
    details.put("reason", shortened(reason));
    if (by != null) {
      details.put("by", shortened(by));
    }
    return new JournalEntry.Draft(now, event, agent, "-", details);
  }

  private static String shortened(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200);
  }

  /** Decides, writes the decision, and returns the result as soon as it cannot be lost. */
  <R> R decide(Decision<R> decision) throws IOException {
    List<JournalEntry.Draft> drafts = new ArrayList<>();
    R result;
    lock.lock();
    try (JournalStorage.Turn turn = storage.begin()) {
      JournalState state = new JournalState(turn, this::leaving);
      result = decision.on(state, drafts);
      for (JournalEntry.Draft draft : drafts) {
        state.write(draft);
      }
      if (!drafts.isEmpty()) {
        turn.commit();
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      lock.unlock();
    }
    if (drafts.stream().anyMatch(draft -> draft.event().mustBeDurable())) {
      makeDurable();
    }
    return result;
  }

  private ReadWriteLock leaving(String agent) {
    return leaving.computeIfAbsent(agent, any -> new ReentrantReadWriteLock());
  }

  /** Writes entries that were decided on before. */
  void write(List<JournalEntry.Draft> drafts) throws IOException {
    try (JournalStorage.Turn turn = storage.begin()) {
      JournalState state = new JournalState(turn, this::leaving);
      for (JournalEntry.Draft draft : drafts) {
        state.write(draft);
      }
      turn.commit();
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IOException("journal: an entry cannot be used: " + e.getMessage(), e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Returns as soon as everything that was written before cannot be lost. */
  void makeDurable() throws IOException {
    storage.makeDurable();
  }

  private long lastSequence() throws IOException {
    try (JournalStorage.Turn turn = storage.begin()) {
      return turn.last().sequence();
    }
  }

  /** Closes the storage. A data source stays open. */
  @Override
  public void close() throws IOException {
    storage.close();
  }

  private void export(SpendFilter filter, Function<BookedPayment, String> format, Appendable out)
      throws IOException {
    try {
      forEachPayment(
          filter,
          payment -> {
            try {
              out.append(format.apply(payment));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public String toString() {
    return "SpendJournal[" + storage + "]";
  }
}
