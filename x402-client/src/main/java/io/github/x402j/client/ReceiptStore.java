// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * Keeps the receipts and passes that sellers hand out, so that {@link PayingHttpClient} can show
 * them again instead of paying. Meant to be implemented.
 *
 * <p>The client decides which receipt is shown to which seller; a store only remembers. It is
 * bounded. When it is full, expired receipts go first, then those that only prove a payment, then
 * those that expire first. Implementations are safe for use by several threads, and pass {@code
 * ReceiptStoreContract}.
 */
public interface ReceiptStore {
  /** The number of receipts that a store keeps by default: 1,000. */
  int DEFAULT_CAPACITY = 1_000;

  /**
   * Keeps a receipt, and replaces one with the same token.
   *
   * @throws IOException if it could not be written; it is then not kept
   */
  void keep(StoredReceipt receipt) throws IOException;

  /**
   * Forgets a receipt. Does nothing if it is not known.
   *
   * @throws IOException if this could not be written; the receipt may return at the next start
   */
  void drop(StoredReceipt receipt) throws IOException;

  /**
   * Returns the receipts for an origin that have not expired; those that expire last come first.
   */
  List<StoredReceipt> of(String origin, Instant now);

  /** Returns all receipts that are kept, expired ones included. */
  List<StoredReceipt> all();

  /** Returns an empty store in memory, for at most {@link #DEFAULT_CAPACITY} receipts. */
  static ReceiptStore inMemory() {
    return inMemory(DEFAULT_CAPACITY);
  }

  /**
   * Returns an empty store in memory.
   *
   * @param capacity the number of receipts that are kept at a time, at least 1
   * @throws IllegalArgumentException if it is less
   */
  static ReceiptStore inMemory(int capacity) {
    return new MemoryReceiptStore(capacity);
  }

  /**
   * Returns the store in a file, which is created if it is missing; see {@link FileReceiptStore}.
   *
   * @throws IOException if the file cannot be read or written, is open in another store, is not a
   *     file of receipts, or may be read by others than its owner
   */
  static FileReceiptStore inFile(Path file) throws IOException {
    return FileReceiptStore.open(file, DEFAULT_CAPACITY);
  }

  /**
   * Returns the store in a file, as {@link #inFile(Path)} does.
   *
   * @param capacity the number of receipts that are kept at a time, at least 1
   * @throws IOException as {@code inFile(file)} does
   * @throws IllegalArgumentException if the capacity is less
   */
  static FileReceiptStore inFile(Path file, int capacity) throws IOException {
    return FileReceiptStore.open(file, capacity);
  }
}
