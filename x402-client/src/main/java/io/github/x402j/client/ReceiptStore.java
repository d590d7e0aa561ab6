// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * Keeps the receipts and passes that sellers hand out, for {@link PayingHttpClient} to show them
 * again instead of paying.
 *
 * <p>The client decides what is shown to whom; a store only remembers. It is bounded: when it is
 * full, what has expired goes first, then what only proves a payment, then what expires first.
 * Implementations are safe for use by several threads, and pass {@code ReceiptStoreContract} (in
 * the tests of {@code x402-client}).
 */
public interface ReceiptStore {
  /** How many receipts are kept at a time unless said otherwise. */
  int DEFAULT_CAPACITY = 1_000;

  /**
   * Keeps a receipt, in place of one with the same token.
   *
   * @throws IOException if it could not be written; it is not kept then
   */
  void keep(StoredReceipt receipt) throws IOException;

  /**
   * Forgets a receipt; does nothing if it is not known.
   *
   * @throws IOException if that could not be written; it is forgotten until the next start only
   */
  void drop(StoredReceipt receipt) throws IOException;

  /** Returns what is kept for an origin and has not expired, what expires last first. */
  List<StoredReceipt> of(String origin, Instant now);

  /** Returns everything that is kept, expired or not. */
  List<StoredReceipt> all();

  /** Returns an empty store in memory, for at most {@link #DEFAULT_CAPACITY} receipts. */
  static ReceiptStore inMemory() {
    return inMemory(DEFAULT_CAPACITY);
  }

  /**
   * Returns an empty store in memory.
   *
   * @param capacity how many receipts are kept at a time, at least 1
   */
  static ReceiptStore inMemory(int capacity) {
    return new MemoryReceiptStore(capacity);
  }

  /**
   * Returns the store in a file, which is made if there is none; see {@link FileReceiptStore}.
   *
   * @throws IOException if it cannot be read or written, is open in another store, holds something
   *     else, or others than its owner may read it
   */
  static FileReceiptStore inFile(Path file) throws IOException {
    return FileReceiptStore.open(file, DEFAULT_CAPACITY);
  }
}
