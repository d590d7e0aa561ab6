// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * A body that comes once, and can be read any number of times: it passes on what comes as it comes,
 * and keeps it for the next reader, the beginning in memory and the rest in a file that only its
 * owner can read. Safe for use by several threads.
 */
final class SpooledBody implements Closeable {
  /** What is kept in memory: 256 KiB. */
  static final int IN_MEMORY = 256 * 1024;

  /** The longest body: 1 GiB. */
  static final long MAX = 1024L * 1024 * 1024;

  private final InputStream live;
  private byte[] memory = new byte[8192];
  private int inMemory;
  private long length;
  private boolean ended;
  private @Nullable Path file;
  private @Nullable FileChannel channel;

  SpooledBody(InputStream live) {
    this.live = live;
  }

  /** Returns a reader that begins at the beginning. */
  InputStream open() {
    return new InputStream() {
      private long position;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int count) throws IOException {
        int read = SpooledBody.this.read(position, bytes, offset, count);
        position += Math.max(read, 0);
        return read;
      }
    };
  }

  /**
   * Returns a publisher that gives the body from its beginning to each subscriber. It reads in
   * threads of the executor: the JDK's client asks for the next part before it writes the last one,
   * so a part would wait for its successor if it were read then and there.
   *
   * @param length the length of the body, -1 if it is not known
   */
  BodyPublisher publisher(long length, Executor executor) {
    return new BodyPublisher() {
      @Override
      public long contentLength() {
        return length;
      }

      @Override
      public void subscribe(Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Reading(subscriber, open(), executor));
      }
    };
  }

  /** Reads one part for each that is asked for. */
  private static final class Reading implements Subscription {
    private final Subscriber<? super ByteBuffer> subscriber;
    private final InputStream in;
    private final Executor executor;
    private long asked;
    private boolean running;
    private boolean over;

    Reading(Subscriber<? super ByteBuffer> subscriber, InputStream in, Executor executor) {
      this.subscriber = subscriber;
      this.in = in;
      this.executor = executor;
    }

    @Override
    public void request(long parts) {
      synchronized (this) {
        asked = asked + parts < 0 ? Long.MAX_VALUE : asked + parts;
        if (running || over) {
          return;
        }
        running = true;
      }
      executor.execute(this::run);
    }

    @Override
    public synchronized void cancel() {
      over = true;
    }

    private void run() {
      try {
        while (goesOn()) {
          byte[] part = new byte[16 * 1024];
          int read = in.read(part);
          if (read < 0) {
            cancel();
            subscriber.onComplete();
          } else {
            subscriber.onNext(ByteBuffer.wrap(part, 0, read));
          }
        }
      } catch (IOException | RuntimeException e) {
        cancel();
        subscriber.onError(e);
      }
    }

    private synchronized boolean goesOn() {
      running = asked > 0 && !over;
      asked = running ? asked - 1 : asked;
      return running;
    }
  }

  private synchronized int read(long position, byte[] bytes, int offset, int count)
      throws IOException {
    if (count == 0) {
      return 0;
    }
    if (position < length) {
      return kept(position, bytes, offset, count);
    }
    if (ended) {
      return -1;
    }
    int read = live.read(bytes, offset, count);
    if (read < 0) {
      ended = true;
    } else {
      keep(bytes, offset, read);
    }
    return read;
  }

  private int kept(long position, byte[] bytes, int offset, int count) throws IOException {
    if (position < inMemory) {
      int read = (int) Math.min(count, inMemory - position);
      System.arraycopy(memory, (int) position, bytes, offset, read);
      return read;
    }
    FileChannel spool = channel;
    if (spool == null) {
      throw new IOException("the body was closed");
    }
    int room = (int) Math.min(count, length - position);
    return spool.read(ByteBuffer.wrap(bytes, offset, room), position - inMemory);
  }

  private void keep(byte[] bytes, int offset, int count) throws IOException {
    if (length + count > MAX) {
      throw new IOException("request body: expected at most 1 GiB");
    }
    if (channel == null && inMemory + count <= IN_MEMORY) {
      if (inMemory + count > memory.length) {
        memory = Arrays.copyOf(memory, Math.min(IN_MEMORY, 2 * (inMemory + count)));
      }
      System.arraycopy(bytes, offset, memory, inMemory, count);
      inMemory += count;
    } else {
      ByteBuffer rest = ByteBuffer.wrap(bytes, offset, count);
      while (rest.hasRemaining()) {
        FileChannel spool = spool();
        spool.write(rest, spool.size());
      }
    }
    length += count;
  }

  private FileChannel spool() throws IOException {
    FileChannel open = channel;
    if (open == null) {
      file = Files.createTempFile("x402-proxy", ".body"); // for its owner only, where that exists
      open = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      channel = open;
    }
    return open;
  }

  /** Deletes what was kept. */
  @Override
  public synchronized void close() throws IOException {
    if (channel != null) {
      channel.close();
      channel = null;
    }
    if (file != null) {
      Files.deleteIfExists(file);
    }
  }
}
