// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Hashes;
import io.github.x402j.client.wallet.JournalStorage.SumOf;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Compares a storage with itself: each entry with its checksum and the one before, and payments,
 * sums and notes with what follows from the entries. Used once, by one thread.
 */
final class JournalCheck {
  private static final int CHECKSUM_BYTES = 8;
  private static final int NAMED = 100;

  private final JournalStorage storage;
  private final MemoryJournal replayed = new MemoryJournal();

  /** A hash of each payment as it follows from the entries, by agent and nonce. */
  private final Map<String, Integer> payments = new HashMap<>();

  private final List<String> damage = new ArrayList<>();
  private long sequence;
  private String checksum = "";

  JournalCheck(JournalStorage storage) {
    this.storage = storage;
  }

  /**
   * Returns the checksum of an entry: over itself and the checksum of the one before, so that an
   * entry that is changed, missing or moved is found. This protects against accidents: anyone who
   * can write the journal can compute checksums, too.
   */
  static String checksum(String before, JournalEntry entry) {
    byte[] hash = Hashes.sha256(before + " " + JournalExport.jsonLine(entry));
    return HexFormat.of().formatHex(hash, 0, CHECKSUM_BYTES);
  }

  /**
   * Checks the last entries.
   *
   * @throws IOException if one is damaged
   */
  static void requireLast(int entries, JournalStorage storage, long last) throws IOException {
    JournalCheck check = new JournalCheck(storage);
    check.sequence = Math.max(0, last - entries);
    boolean[] begun = {check.sequence == 0};
    storage.forEachEntry(
        check.sequence,
        (entry, checksum) -> {
          if (begun[0]) {
            check.requireNext(entry, checksum);
          }
          begun[0] = true;
          check.sequence = entry.sequence();
          check.checksum = checksum;
        });
    if (check.sequence < last) {
      throw new IOException("journal: entry " + (check.sequence + 1) + " is missing");
    }
  }

  private void requireNext(JournalEntry entry, String written) throws IOException {
    if (entry.sequence() != sequence + 1 || !written.equals(checksum(checksum, entry))) {
      throw new IOException(
          "journal: entry " + (sequence + 1) + " is damaged, or an entry before it is missing");
    }
  }

  /** Returns each damage that was found, the first 100. Others may write meanwhile. */
  List<String> run() throws IOException {
    storage.check(this::add);
    replay();
    List<BookedPayment> suspicious = new ArrayList<>();
    storage.forEachPayment(
        SpendFilter.all(),
        payment -> {
          Integer expected = payments.get(key(payment));
          if (expected == null || expected != payment.hashCode()) {
            suspicious.add(payment);
          } else {
            payments.put(key(payment), 0); // seen
          }
        });
    try (JournalStorage.Turn turn = storage.begin()) {
      replay(); // what was written meanwhile
      compare(suspicious, turn);
      compareWallets(turn);
    }
    return damage;
  }

  private void replay() throws IOException {
    try (JournalStorage.Turn turn = replayed.begin()) {
      JournalState state = new JournalState(turn, agent -> new ReentrantReadWriteLock());
      storage.forEachEntry(
          sequence,
          (entry, written) -> {
            if (entry.sequence() != sequence + 1 || !written.equals(checksum(checksum, entry))) {
              add("entry " + (sequence + 1) + " is damaged, or an entry before it is missing");
            }
            sequence = entry.sequence();
            checksum = written;
            apply(entry, state, turn);
          });
    }
  }

  private void apply(JournalEntry entry, JournalState state, JournalStorage.Turn turn)
      throws IOException {
    try {
      state.apply(entry);
    } catch (IllegalArgumentException | DateTimeException e) {
      add("entry " + entry.sequence() + " cannot be used: " + e.getMessage());
    }
    if (entry.details().containsKey("nonce")) {
      turn.payment(entry.agent(), entry.need("nonce"))
          .ifPresent(payment -> payments.put(key(payment), payment.hashCode()));
    }
  }

  private void compare(List<BookedPayment> suspicious, JournalStorage.Turn turn)
      throws IOException {
    for (BookedPayment payment : suspicious) {
      Integer expected = payments.get(key(payment));
      boolean same =
          turn.payment(payment.agent(), payment.nonce())
              .map(now -> expected != null && expected == now.hashCode())
              .orElse(false);
      if (!same) {
        add("payment " + payment.nonce() + " is not as its entries say");
      }
      payments.put(key(payment), 0);
    }
    for (Map.Entry<String, Integer> each : payments.entrySet()) {
      String[] names = each.getKey().split(" ", 2);
      if (each.getValue() != 0
          && turn.payment(names[0], names[1])
              .map(now -> now.hashCode() != each.getValue())
              .orElse(true)) {
        add("payment " + names[1] + " is missing, or not as its entries say");
      }
    }
  }

  private void compareWallets(JournalStorage.Turn turn) throws IOException {
    JournalStorage.Turn expected = replayed.begin();
    List<String> agents = turn.agentsWith(WalletState.TERMS);
    if (!agents.equals(expected.agentsWith(WalletState.TERMS))) {
      add("the wallets are not those of the entries");
    }
    for (String agent : agents) {
      if (!turn.notes(agent, "").equals(expected.notes(agent, ""))) {
        add("the terms or notes of agent " + agent + " are not as its entries say");
      }
      for (SumOf what : SumOf.values()) {
        if (!turn.sums(agent, what, "").equals(expected.sums(agent, what, ""))) {
          add("a sum of agent " + agent + " (" + what + ") is not as its payments say");
        }
      }
    }
  }

  private void add(String what) {
    if (damage.size() < NAMED) {
      damage.add(what);
    }
  }

  private static String key(BookedPayment payment) {
    return payment.agent() + " " + payment.nonce();
  }
}
