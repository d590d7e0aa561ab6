// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A bounded store of receipts in memory. */
final class MemoryReceiptStore implements ReceiptStore {
  private static final Comparator<StoredReceipt> LEAST_USEFUL_FIRST =
      Comparator.<StoredReceipt, Boolean>comparing(receipt -> !isProof(receipt))
          .thenComparing(StoredReceipt::expires);

  private final int capacity;
  private final Map<String, StoredReceipt> byToken = new LinkedHashMap<>();

  MemoryReceiptStore(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: expected at least 1, found " + capacity);
    }
    this.capacity = capacity;
  }

  @Override
  public synchronized void keep(StoredReceipt receipt) {
    byToken.put(receipt.token(), receipt);
    if (byToken.size() > capacity) {
      byToken.values().stream()
          .min(LEAST_USEFUL_FIRST)
          .ifPresent(least -> byToken.remove(least.token()));
    }
  }

  @Override
  public synchronized void drop(StoredReceipt receipt) {
    byToken.remove(receipt.token());
  }

  @Override
  public synchronized List<StoredReceipt> of(String origin, Instant now) {
    byToken.values().removeIf(receipt -> !now.isBefore(receipt.expires()));
    return byToken.values().stream()
        .filter(receipt -> receipt.origin().equals(origin))
        .sorted(Comparator.comparing(StoredReceipt::expires).reversed())
        .toList();
  }

  @Override
  public synchronized List<StoredReceipt> all() {
    return List.copyOf(byToken.values());
  }

  private static boolean isProof(StoredReceipt receipt) {
    return receipt.uses() != null && receipt.uses() == 0;
  }
}
