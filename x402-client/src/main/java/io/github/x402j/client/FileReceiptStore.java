// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A store of receipts in a file that only its owner may read. Each change writes a new file and
 * moves it over the old one in one step, so that a crash leaves one or the other.
 *
 * <p>Only one store has a file open at a time. It holds a lock on the file of the same name with
 * {@code .lock} added, until it is closed or the process ends. Safe for use by several threads.
 */
public final class FileReceiptStore implements ReceiptStore, AutoCloseable {
  private static final String HEADER = "x402j-receipts 1";

  private final Path file;
  private final FileChannel lockFile;
  private final MemoryReceiptStore receipts;

  private FileReceiptStore(Path file, FileChannel lockFile, MemoryReceiptStore receipts) {
    this.file = file;
    this.lockFile = lockFile;
    this.receipts = receipts;
  }

  static FileReceiptStore open(Path file, int capacity) throws IOException {
    Path absolute = file.toAbsolutePath();
    FileChannel lockFile = lock(absolute);
    boolean opened = false;
    try {
      MemoryReceiptStore receipts = new MemoryReceiptStore(capacity);
      if (Files.exists(absolute)) {
        OwnerOnlyFile.require(absolute, "because anyone who reads a receipt can use it");
        read(absolute, receipts);
      }
      opened = true;
      return new FileReceiptStore(absolute, lockFile, receipts);
    } finally {
      if (!opened) {
        lockFile.close();
      }
    }
  }

  @Override
  public synchronized void keep(StoredReceipt receipt) throws IOException {
    List<StoredReceipt> before = receipts.all();
    receipts.keep(receipt);
    boolean written = false;
    try {
      write();
      written = true;
    } finally {
      if (!written) {
        receipts.all().forEach(receipts::drop);
        before.forEach(receipts::keep);
      }
    }
  }

  @Override
  public synchronized void drop(StoredReceipt receipt) throws IOException {
    receipts.drop(receipt);
    write();
  }

  @Override
  public synchronized List<StoredReceipt> of(String origin, Instant now) {
    return receipts.of(origin, now);
  }

  @Override
  public synchronized List<StoredReceipt> all() {
    return receipts.all();
  }

  /** Releases the file for other stores. Every later change fails. */
  @Override
  public synchronized void close() throws IOException {
    lockFile.close();
  }

  private static FileChannel lock(Path file) throws IOException {
    Path beside = file.resolveSibling(file.getFileName() + ".lock");
    FileChannel channel =
        FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    @Nullable FileLock held = null;
    try {
      held = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      throw new IOException(file + ": open in another receipt store of this process", e);
    } finally {
      if (held == null) {
        channel.close();
      }
    }
    if (held == null) {
      throw new IOException(file + ": open in a receipt store of another process");
    }
    return channel;
  }

  private static void read(Path file, MemoryReceiptStore receipts) throws IOException {
    List<String> lines = Files.readAllLines(file, UTF_8);
    if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
      throw new IOException(file + ": expected a file that begins with \"" + HEADER + "\"");
    }
    for (int i = 1; i < lines.size(); i++) {
      try {
        receipts.keep(parse(lines.get(i)));
      } catch (RuntimeException e) { // of any kind; the message must not repeat a receipt
        throw new IOException(file + ": line " + (i + 1) + " is not a receipt");
      }
    }
  }

  private static StoredReceipt parse(String line) {
    String[] parts = line.split("\t", -1);
    if (parts.length != 5) {
      throw new IllegalArgumentException("expected 5 parts, found " + parts.length);
    }
    return new StoredReceipt(
        parts[0],
        List.of(parts[1].split(",")),
        parts[2].equals("-") ? null : Long.valueOf(parts[2]),
        Instant.ofEpochSecond(Long.parseLong(parts[3])),
        parts[4]);
  }

  private static String line(StoredReceipt receipt) {
    return String.join(
        "\t",
        receipt.origin(),
        receipt.covers().stream()
            .map(covered -> covered.replace(",", "%2C"))
            .collect(Collectors.joining(",")),
        receipt.uses() == null ? "-" : receipt.uses().toString(),
        String.valueOf(receipt.expires().getEpochSecond()),
        receipt.token());
  }

  private void write() throws IOException {
    if (!lockFile.isOpen()) {
      throw new IOException(file + ": the receipt store is closed");
    }
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    receipts.all().forEach(receipt -> text.append(line(receipt)).append('\n'));
    OwnerOnlyFile.write(file, text.toString().getBytes(UTF_8));
  }
}
