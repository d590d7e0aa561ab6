// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sales book in the memory of one process, bounded in size: beyond its capacity the oldest entry
 * is dropped, and the first time that is logged as a warning. A restart forgets everything; {@code
 * JdbcSalesBook} of {@code x402-jdbc} does not.
 *
 * <p>Safe for use by several threads.
 */
public final class InMemorySalesBook implements SalesBook {
  /** How many sales are kept by default; about 7 MB, and 25 MB if no outcome is known. */
  public static final int DEFAULT_CAPACITY = 10_000;

  private static final Logger log = LoggerFactory.getLogger(InMemorySalesBook.class);

  private final int capacity;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private boolean warned;

  private InMemorySalesBook(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, found " + capacity);
    }
    this.capacity = capacity;
  }

  /** Returns an empty book with {@link #DEFAULT_CAPACITY}. */
  public static InMemorySalesBook create() {
    return new InMemorySalesBook(DEFAULT_CAPACITY);
  }

  /** Returns an empty book for at most this many sales. */
  public static InMemorySalesBook withCapacity(int capacity) {
    return new InMemorySalesBook(capacity);
  }

  @Override
  public synchronized boolean write(Entry entry) {
    Entry before = entries.get(entry.id());
    if (before != null) {
      return (entry.isPaid() || !before.isPaid()) && replace(before, entry);
    }
    entries.put(entry.id(), entry);
    if (entries.size() > capacity) {
      dropOldest();
    }
    return true;
  }

  private boolean replace(Entry before, Entry entry) {
    entries.put(entry.id(), entry.with(before.time(), entry.question()));
    return true;
  }

  private void dropOldest() {
    Iterator<Entry> oldest = entries.values().iterator();
    oldest.next();
    oldest.remove();
    if (!warned) {
      warned = true;
      log.warn(
          "the sales book in memory is full: of each further sale, the oldest of {} is dropped; use"
              + " JdbcSalesBook to keep all",
          capacity);
    }
  }

  @Override
  public synchronized boolean conclude(Entry entry) {
    Entry before = entries.get(entry.id());
    return before != null && before.state() == State.SENT && replace(before, entry);
  }

  @Override
  public synchronized boolean withdraw(String id) {
    Entry before = entries.get(id);
    boolean isOpen = before != null && before.state() == State.SENT && before.transaction() == null;
    if (isOpen) {
      entries.remove(id);
    }
    return isOpen;
  }

  @Override
  public synchronized List<Entry> takeDue(Instant now, Instant next, int max) {
    List<Entry> due = new ArrayList<>();
    for (Map.Entry<String, Entry> each : entries.entrySet()) {
      Question question = each.getValue().question();
      if (due.size() < max && question != null && !question.from().isAfter(now)) {
        due.add(each.getValue());
        Entry entry = each.getValue();
        each.setValue(entry.with(entry.time(), new Question(question.payment(), next)));
      }
    }
    return due;
  }

  @Override
  public void forEach(Filter filter, Consumer<Entry> reader) {
    List<Entry> selected;
    synchronized (this) {
      selected = entries.values().stream().filter(filter::selects).toList();
    }
    selected.stream().sorted(Comparator.comparing(Entry::time)).forEach(reader);
  }
}
