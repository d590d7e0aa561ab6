// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import java.time.Instant;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Keys in the order of the times at which they may be forgotten. */
final class Expiries<K> {
  /** When a key may be forgotten; the number tells equal times apart. */
  record Expiry<K>(Instant at, long number, K key) implements Comparable<Expiry<K>> {
    @Override
    public int compareTo(Expiry<K> other) {
      int byTime = at.compareTo(other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final TreeSet<Expiry<K>> inOrder = new TreeSet<>();
  private long added;

  Expiry<K> add(Instant at, K key) {
    Expiry<K> expiry = new Expiry<>(at, added++, key);
    inOrder.add(expiry);
    return expiry;
  }

  void remove(Expiry<K> expiry) {
    inOrder.remove(expiry);
  }

  /** Removes and returns the first whose time has come, now included; null if there is none. */
  @Nullable Expiry<K> poll(Instant now) {
    return inOrder.isEmpty() || inOrder.first().at.isAfter(now) ? null : inOrder.pollFirst();
  }

  int size() {
    return inOrder.size();
  }
}
