// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Address;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers in the memory of one process: at most {@value #MAX_ENTRIES}, and {@value #MAX_BYTES}
 * bytes in all. A restart forgets them. Safe for use by several threads.
 */
public final class InMemoryAnswerStore implements AnswerStore {
  /** The most names that are kept. */
  public static final int MAX_ENTRIES = 10_000;

  /** The most that all answers take, in bytes. */
  public static final long MAX_BYTES = 16L * 1024 * 1024;

  private final Clock clock;
  private final Map<Name, Entry> entries = new LinkedHashMap<>();
  private long bytes;

  private record Name(Address payer, String id) {}

  private static final class Entry {
    private final String binding;
    private final Instant until;
    private boolean notKept;
    private @Nullable StoredAnswer answer;

    Entry(String binding, Instant until) {
      this.binding = binding;
      this.until = until;
    }
  }

  private InMemoryAnswerStore(Clock clock) {
    this.clock = clock;
  }

  /** Returns an empty store. */
  public static InMemoryAnswerStore create() {
    return by(Clock.systemUTC());
  }

  /** Returns an empty store with this clock. */
  public static InMemoryAnswerStore by(Clock clock) {
    return new InMemoryAnswerStore(clock);
  }

  private static Name name(NamedPayment payment) {
    return new Name(payment.payer(), payment.id());
  }

  @Override
  public synchronized Taken take(NamedPayment payment, Duration keep) {
    forgetExpired();
    Entry entry = entries.get(name(payment));
    if (entry == null) {
      entries.put(name(payment), new Entry(payment.binding(), clock.instant().plus(keep)));
      makeRoom();
      return new Taken.Begun();
    }
    if (!entry.binding.equals(payment.binding())) {
      return new Taken.Another();
    }
    if (entry.answer != null) {
      return new Taken.Answered(entry.answer);
    }
    return entry.notKept ? new Taken.NotKept() : new Taken.InProgress();
  }

  @Override
  public synchronized void store(NamedPayment payment, StoredAnswer answer) {
    Entry entry = without(payment);
    if (entry != null) {
      entry.answer = answer;
      bytes += answer.size();
      makeRoom();
    }
  }

  @Override
  public synchronized void notKept(NamedPayment payment) {
    Entry entry = without(payment);
    if (entry != null) {
      entry.notKept = true;
    }
  }

  @Override
  public synchronized void free(NamedPayment payment) {
    if (without(payment) != null) {
      entries.remove(name(payment));
    }
  }

  /** Returns the entry of the payment, if it has no answer. */
  private @Nullable Entry without(NamedPayment payment) {
    Entry entry = entries.get(name(payment));
    return entry != null && entry.binding.equals(payment.binding()) && entry.answer == null
        ? entry
        : null;
  }

  private void forgetExpired() {
    Instant now = clock.instant();
    Iterator<Entry> oldest = entries.values().iterator();
    while (oldest.hasNext()) {
      Entry entry = oldest.next();
      if (entry.until.isAfter(now)) {
        return; // a gate keeps all for the same time, so the order is that of their ends
      }
      remove(oldest, entry);
    }
  }

  private void makeRoom() {
    Iterator<Entry> oldest = entries.values().iterator();
    while ((entries.size() > MAX_ENTRIES || bytes > MAX_BYTES) && oldest.hasNext()) {
      remove(oldest, oldest.next());
    }
  }

  private void remove(Iterator<Entry> at, Entry entry) {
    at.remove();
    bytes -= entry.answer == null ? 0 : entry.answer.size();
  }
}
