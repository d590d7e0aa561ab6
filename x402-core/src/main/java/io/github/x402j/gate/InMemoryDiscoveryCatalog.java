// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryQuery;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A catalog in memory: a restart empties it. Safe for use by several threads. */
public final class InMemoryDiscoveryCatalog implements DiscoveryCatalog {
  /** How many resources it lists unless said otherwise. */
  public static final int DEFAULT_CAPACITY = 10_000;

  private static final Comparator<DiscoveredResource> NEWEST_FIRST =
      Comparator.comparing(DiscoveredResource::lastUpdated)
          .reversed()
          .thenComparing(DiscoveredResource::key);

  private final Map<String, DiscoveredResource> byKey = new LinkedHashMap<>();
  private final int capacity;

  private InMemoryDiscoveryCatalog(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, found " + capacity);
    }
    this.capacity = capacity;
  }

  /** Returns an empty catalog. */
  public static InMemoryDiscoveryCatalog create() {
    return withCapacity(DEFAULT_CAPACITY);
  }

  /** Returns an empty catalog of at most this many resources. */
  public static InMemoryDiscoveryCatalog withCapacity(int capacity) {
    return new InMemoryDiscoveryCatalog(capacity);
  }

  @Override
  public synchronized void put(DiscoveredResource resource) {
    DiscoveredResource before = byKey.remove(resource.key());
    byKey.put(
        resource.key(), before == null ? resource : DiscoveryCatalog.renewed(before, resource));
    if (byKey.size() > capacity) {
      byKey.remove(byKey.keySet().iterator().next());
    }
  }

  @Override
  public Page find(DiscoveryQuery query) {
    List<DiscoveredResource> all;
    synchronized (this) {
      all = new ArrayList<>(byKey.values());
    }
    List<DiscoveredResource> found =
        all.stream().filter(query::finds).sorted(NEWEST_FIRST).toList();
    return new Page(
        found.stream().skip(query.offset()).limit(query.limit()).toList(), found.size());
  }
}
