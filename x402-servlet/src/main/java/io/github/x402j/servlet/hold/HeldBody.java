// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import io.github.x402j.servlet.hold.HeldLimits.OverflowException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a body that is held back: in memory, beginning with one small chunk, then in a
 * temporary file. Safe for use by several threads; writes after {@link #release} fail.
 */
final class HeldBody {
  private static final int FIRST_CHUNK = 1024;
  private static final int LARGEST_CHUNK = 64 * 1024;

  private final HeldLimits limits;
  private final List<byte[]> chunks = new ArrayList<>();
  private int usedOfLast;
  private long inMemory;
  private long size;
  private boolean released;
  // A RandomAccessFile, not a channel: an interrupt of the thread would close a channel, and lose a
  // body that is paid for.
  private @Nullable RandomAccessFile file;
  private @Nullable Path path;
  private byte[] pending = new byte[0];
  private int pendingLength;

  HeldBody(HeldLimits limits) {
    this.limits = limits;
  }

  synchronized long size() {
    return size;
  }

  synchronized void write(byte[] bytes, int offset, int length) throws IOException {
    if (released) {
      throw new IOException("the response is complete");
    }
    if (length > limits.maxBytes() - size) {
      throw new OverflowException("body", limits.maxBytes());
    }
    if (file == null && inMemory + length > limits.memoryBytes() && length > 0) {
      file = openFile();
    }
    if (file != null) {
      spill(file, bytes, offset, length);
    } else {
      keep(bytes, offset, length);
    }
    size += length;
  }

  /** Writes to the file in large pieces, whatever the size of the handler's. */
  private void spill(RandomAccessFile open, byte[] bytes, int offset, int length)
      throws IOException {
    if (pendingLength + length > pending.length) {
      flushPending(open);
    }
    if (length > pending.length) {
      open.write(bytes, offset, length);
      return;
    }
    System.arraycopy(bytes, offset, pending, pendingLength, length);
    pendingLength += length;
  }

  private void flushPending(RandomAccessFile open) throws IOException {
    open.write(pending, 0, pendingLength);
    pendingLength = 0;
  }

  private void keep(byte[] bytes, int offset, int length) {
    int from = offset;
    int left = length;
    while (left > 0) {
      byte[] last = lastChunk();
      int now = Math.min(left, last.length - usedOfLast);
      System.arraycopy(bytes, from, last, usedOfLast, now);
      usedOfLast += now;
      inMemory += now;
      from += now;
      left -= now;
    }
  }

  private byte[] lastChunk() {
    if (chunks.isEmpty()) {
      chunks.add(new byte[FIRST_CHUNK]);
      usedOfLast = 0;
    }
    byte[] last = chunks.get(chunks.size() - 1);
    if (usedOfLast == last.length) {
      last = new byte[Math.min(last.length * 2, LARGEST_CHUNK)];
      chunks.add(last);
      usedOfLast = 0;
    }
    return last;
  }

  private RandomAccessFile openFile() throws IOException {
    Path created = Files.createTempFile("x402j-", ".body");
    path = created;
    RandomAccessFile opened = new RandomAccessFile(created.toFile(), "rw");
    pending = new byte[LARGEST_CHUNK];
    try {
      // Where the system allows it the file has no name from here on, and goes with the process.
      Files.delete(created);
      path = null;
    } catch (IOException stillOpen) {
      created.toFile().deleteOnExit();
    }
    return opened;
  }

  /** Forgets what was written. */
  synchronized void clear() throws IOException {
    chunks.clear();
    usedOfLast = 0;
    inMemory = 0;
    size = 0;
    pendingLength = 0;
    if (file != null) {
      file.setLength(0);
      file.seek(0);
    }
  }

  /**
   * Writes the first 64 KiB at once, which is more than a container keeps: a filter in front that
   * acts when the head is sent (Spring Security adds its headers then) counts bytes, and would miss
   * that moment if they came in small pieces.
   */
  synchronized void writeTo(OutputStream out) throws IOException {
    byte[] first = new byte[chunks.size() > 1 ? (int) Math.min(inMemory, LARGEST_CHUNK) : 0];
    int filled = 0;
    for (int i = 0; i < chunks.size(); i++) {
      byte[] chunk = chunks.get(i);
      int length = i == chunks.size() - 1 ? usedOfLast : chunk.length;
      int now = Math.min(length, first.length - filled);
      System.arraycopy(chunk, 0, first, filled, now);
      filled += now;
      if (now > 0 && filled == first.length) {
        out.write(first);
      }
      if (length > now) {
        out.write(chunk, now, length - now);
      }
    }
    if (file != null) {
      flushPending(file);
      file.seek(0);
      byte[] buffer = new byte[LARGEST_CHUNK];
      for (int read = file.read(buffer); read >= 0; read = file.read(buffer)) {
        out.write(buffer, 0, read);
      }
    }
  }

  /** Writes the bytes as text of {@code charset}, for a response whose writer is already in use. */
  synchronized void writeTo(Writer out, Charset charset) throws IOException {
    ByteArrayOutputStream copy = new ByteArrayOutputStream(Math.toIntExact(size));
    writeTo(copy);
    out.write(copy.toString(charset));
  }

  /** Frees memory and file. May be called more than once. */
  synchronized void release() throws IOException {
    released = true;
    chunks.clear();
    size = 0;
    inMemory = 0;
    pending = new byte[0];
    pendingLength = 0;
    RandomAccessFile open = file;
    file = null;
    if (open != null) {
      open.close();
    }
    if (path != null) {
      Files.deleteIfExists(path);
    }
  }
}
