// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.util.Arrays;

/**
 * Entries of a ledger as numbers in a few large arrays, without an object for each: a hash of the
 * key, the owner's fields, and the time until which the entry is kept. Found by the hash, and in
 * the order of those times. About 130 bytes an entry. Not safe for use by several threads.
 *
 * <p>The hash has 256 bits that nobody outside can foresee, so it stands for the key, and its parts
 * are spread evenly.
 */
final class PackedEntries {
  /** How many fields of 64 bits an entry has. */
  static final int FIELDS = 9;

  /** Answers {@link #find} and {@link #first} where there is no entry. */
  static final int NONE = -1;

  private static final int KEY_WORDS = 4;
  private static final int KEEP_UNTIL = KEY_WORDS + FIELDS;
  private static final int ENTRY_WORDS = KEEP_UNTIL + 1;

  private static final int PAGE_ENTRIES = 1024;
  private static final int FIRST_TABLE = 1024;

  private long[][] pages = new long[0][];

  /** The entries by their hashes, each plus one; 0 is a free place. */
  private int[] table = new int[FIRST_TABLE];

  /** The entries as a heap: each is kept at most as long as the two below it. */
  private int[] heap = new int[FIRST_TABLE];

  /** The place of each entry in the heap. Of a free entry: the next free one. */
  private int[] places = new int[0];

  private int size;
  private int free = NONE;

  int size() {
    return size;
  }

  /** Returns for how many entries there is memory now. */
  int capacity() {
    return pages.length * PAGE_ENTRIES;
  }

  /** Returns the entry with this hash, {@link #NONE} if there is none. */
  int find(long[] key) {
    for (int at = home(key[0]); table[at] != 0; at = after(at)) {
      if (hasKey(table[at] - 1, key)) {
        return table[at] - 1;
      }
    }
    return NONE;
  }

  private boolean hasKey(int entry, long[] key) {
    long[] page = page(entry);
    int from = offset(entry);
    return Arrays.equals(page, from, from + KEY_WORDS, key, 0, KEY_WORDS);
  }

  /** Adds an entry whose fields are zero. There is none with this hash. */
  int add(long[] key, long keepUntil) {
    if (free == NONE) {
      addPage();
    }
    if ((size + 1) * 3L > table.length * 2L) {
      growTable();
    }
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size + (size >> 1));
    }
    int entry = free;
    free = places[entry];
    long[] page = page(entry);
    int from = offset(entry);
    System.arraycopy(key, 0, page, from, KEY_WORDS);
    Arrays.fill(page, from + KEY_WORDS, from + KEEP_UNTIL, 0);
    page[from + KEEP_UNTIL] = keepUntil;
    link(entry);
    up(size++, entry);
    return entry;
  }

  private void addPage() {
    int first = pages.length * PAGE_ENTRIES;
    int needed = first + PAGE_ENTRIES;
    if (needed > places.length) {
      places = Arrays.copyOf(places, needed + first / 4);
    }
    pages = Arrays.copyOf(pages, pages.length + 1);
    pages[pages.length - 1] = new long[PAGE_ENTRIES * ENTRY_WORDS];
    for (int entry = needed - 1; entry >= first; entry--) {
      places[entry] = free;
      free = entry;
    }
  }

  private void growTable() {
    table = new int[table.length * 2];
    for (int place = 0; place < size; place++) {
      link(heap[place]);
    }
  }

  private void link(int entry) {
    int at = home(page(entry)[offset(entry)]);
    while (table[at] != 0) {
      at = after(at);
    }
    table[at] = entry + 1;
  }

  void remove(int entry) {
    unlink(entry);
    int place = places[entry];
    int last = heap[--size];
    if (last != entry) {
      move(place, last);
    }
    places[entry] = free;
    free = entry;
  }

  /** Frees the entry's place, and moves those up that were put behind it. */
  private void unlink(int entry) {
    int hole = home(page(entry)[offset(entry)]);
    while (table[hole] != entry + 1) {
      hole = after(hole);
    }
    int mask = table.length - 1;
    for (int at = after(hole); table[at] != 0; at = after(at)) {
      int other = table[at] - 1;
      int home = home(page(other)[offset(other)]);
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        table[hole] = table[at];
        hole = at;
      }
    }
    table[hole] = 0;
  }

  /** Returns a field, 0 to {@link #FIELDS} - 1. */
  long get(int entry, int field) {
    return page(entry)[offset(entry) + KEY_WORDS + field];
  }

  void set(int entry, int field, long value) {
    page(entry)[offset(entry) + KEY_WORDS + field] = value;
  }

  /** Returns the time until which the entry is kept. */
  long keepUntil(int entry) {
    return page(entry)[offset(entry) + KEEP_UNTIL];
  }

  void keepUntil(int entry, long time) {
    page(entry)[offset(entry) + KEEP_UNTIL] = time;
    move(places[entry], entry);
  }

  /** Returns the entry whose time comes first, {@link #NONE} if there is none. */
  int first() {
    return size == 0 ? NONE : heap[0];
  }

  // ---- places

  private long[] page(int entry) {
    return pages[entry / PAGE_ENTRIES];
  }

  private static int offset(int entry) {
    return entry % PAGE_ENTRIES * ENTRY_WORDS;
  }

  private int home(long hash) {
    return (int) hash & (table.length - 1);
  }

  private int after(int at) {
    return (at + 1) & (table.length - 1);
  }

  // ---- the heap

  /** Puts the entry at this place, or where it belongs from there. */
  private void move(int place, int entry) {
    if (place > 0 && keepUntil(entry) < keepUntil(heap[(place - 1) / 2])) {
      up(place, entry);
    } else {
      down(place, entry);
    }
  }

  private void up(int from, int entry) {
    int place = from;
    while (place > 0) {
      int parent = heap[(place - 1) / 2];
      if (keepUntil(parent) <= keepUntil(entry)) {
        break;
      }
      put(place, parent);
      place = (place - 1) / 2;
    }
    put(place, entry);
  }

  private void down(int from, int entry) {
    int place = from;
    for (int child = 2 * place + 1; child < size; child = 2 * place + 1) {
      if (child + 1 < size && keepUntil(heap[child + 1]) < keepUntil(heap[child])) {
        child++;
      }
      if (keepUntil(entry) <= keepUntil(heap[child])) {
        break;
      }
      put(place, heap[child]);
      place = child;
    }
    put(place, entry);
  }

  private void put(int place, int entry) {
    heap[place] = entry;
    places[entry] = place;
  }
}
