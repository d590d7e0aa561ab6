// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.Address;
import io.github.x402j.Network;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Remembers purchases and sign-ins in this process: a restart forgets them, and several servers do
 * not share them. Of more purchases than fit the oldest are forgotten. Safe for use by several
 * threads.
 */
public final class InMemorySignInStore implements SignInStore {
  /** How many purchases, and how many used sign-ins, are kept by default. */
  public static final int DEFAULT_CAPACITY = 100_000;

  private final byte[] key = new byte[KEY_BYTES];
  private final int capacity;
  private final Map<Purchased, Map<Network, Instant>> purchases = new LinkedHashMap<>();
  private final Map<String, Instant> nonces = new LinkedHashMap<>();

  private record Purchased(String item, Address payer) {}

  private InMemorySignInStore(int capacity) {
    this.capacity = capacity;
    new SecureRandom().nextBytes(key);
  }

  /** Returns an empty store. */
  public static InMemorySignInStore create() {
    return withCapacity(DEFAULT_CAPACITY);
  }

  /**
   * Returns an empty store.
   *
   * @param entries how many purchases, and how many used sign-ins, are kept; at least 1
   */
  public static InMemorySignInStore withCapacity(int entries) {
    return new InMemorySignInStore(EngineBuilder.atLeastOne("capacity", entries));
  }

  @Override
  public byte[] nonceKey() {
    return key.clone();
  }

  @Override
  public synchronized void record(Bought bought) {
    Purchased purchased = new Purchased(bought.item(), bought.payer());
    Map<Network, Instant> ends = purchases.remove(purchased);
    ends = ends == null ? new HashMap<>(2) : ends;
    ends.merge(bought.network(), bought.until(), (one, other) -> one.isAfter(other) ? one : other);
    purchases.put(purchased, ends); // the newest
    Iterator<Purchased> oldest = purchases.keySet().iterator();
    while (purchases.size() > capacity) {
      oldest.next();
      oldest.remove();
    }
  }

  @Override
  public synchronized Set<Network> boughtOn(String item, Address payer, Instant now) {
    return purchases.getOrDefault(new Purchased(item, payer), Map.of()).entrySet().stream()
        .filter(end -> now.isBefore(end.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** Forgets no nonce before its time: beyond the capacity it throws {@link LedgerException}. */
  @Override
  public synchronized boolean use(String nonce, Instant until, Instant now) {
    if (nonces.size() >= capacity) {
      nonces.values().removeIf(end -> !now.isBefore(end));
    }
    if (nonces.containsKey(nonce)) {
      return false;
    }
    if (nonces.size() >= capacity) {
      throw new LedgerException("too many sign-ins in the last minutes");
    }
    nonces.put(nonce, until);
    return true;
  }
}
