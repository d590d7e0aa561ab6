// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;

/**
 * Remembers the newest entries, up to a bound. For keys that are used a few times and then never
 * again, such as payments: a cache that keeps what is used most would keep the oldest of them. Safe
 * for use by several threads.
 *
 * @param <K> the keys
 * @param <V> the values
 */
public final class Recent<K, V> {
  private final Map<K, V> entries;

  /**
   * @param bound how many entries are remembered, at least 1
   */
  public Recent(int bound) {
    entries =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > bound;
          }
        };
  }

  /** Returns what is remembered, empty if nothing is. */
  public synchronized Optional<V> get(K key) {
    return Optional.ofNullable(entries.get(key));
  }

  /** Remembers the value, in place of one for the same key. */
  public synchronized void put(K key, V value) {
    entries.put(key, value);
  }

  /** Remembers the value, or what becomes of it and the one for the same key; returns that. */
  public synchronized V merge(K key, V value, BinaryOperator<V> both) {
    V merged = entries.containsKey(key) ? both.apply(entries.get(key), value) : value;
    entries.put(key, merged);
    return merged;
  }

  /** Forgets the key. */
  public synchronized void remove(K key) {
    entries.remove(key);
  }
}
