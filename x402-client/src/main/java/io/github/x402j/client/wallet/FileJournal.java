// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.http.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A journal's entries as lines of a file. It is read and written through {@link RandomAccessFile},
 * because an interrupted thread closes a channel for all threads.
 */
final class FileJournal implements JournalStorage {
  private static final Duration LOCKED_WITHIN = Duration.ofSeconds(10);
  private static final int MAX_LINE = 64 * 1024;

  private final Path path;
  private final RandomAccessFile file;
  private final RandomAccessFile lockFile;
  private final @Nullable Object identity;
  private final Object durability = new Object();
  private JournalLines lines = new JournalLines();
  private volatile long end;
  private volatile boolean broken;
  private long durableEnd;

  private FileJournal(Path path, RandomAccessFile file, RandomAccessFile lockFile)
      throws IOException {
    this.path = path;
    this.file = file;
    this.lockFile = lockFile;
    this.identity = identityOf(path);
  }

  static FileJournal open(Path path) throws IOException {
    Path absolute = path.toAbsolutePath();
    Path lock = absolute.resolveSibling(absolute.getFileName() + ".lock");
    boolean created = createForOwner(absolute);
    createForOwner(lock);
    if (created) {
      forceDirectory(absolute);
    }
    RandomAccessFile file = new RandomAccessFile(absolute.toFile(), "rw");
    try {
      return new FileJournal(absolute, file, new RandomAccessFile(lock.toFile(), "rw"));
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Turn begin() throws IOException {
    FileLock processes = lock();
    try {
      if (broken) {
        throw new IOException("journal: writing failed before; open it again");
      }
      if (!Objects.equals(identity, identityOf(path)) || file.length() < end) {
        throw new IOException("journal: the file was replaced or cut while it was open");
      }
      return new FileTurn(processes);
    } catch (IOException e) {
      processes.release();
      throw e;
    }
  }

  private FileLock lock() throws IOException {
    Deadline deadline = Deadline.in(LOCKED_WITHIN);
    boolean interrupted = false;
    try {
      while (true) {
        FileLock lock = tryLock();
        if (lock != null) {
          return lock;
        }
        if (deadline.left().isZero()) {
          throw new IOException("journal: another process has held the lock for " + LOCKED_WITHIN);
        }
        LockSupport.parkNanos(200_000);
        interrupted |= Thread.interrupted(); // else parking returns at once from now on
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private @Nullable FileLock tryLock() throws IOException {
    try {
      return lockFile.getChannel().tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // another journal of this process, on the same file
    }
  }

  /** One thread waits for the disk for all that wrote meanwhile. */
  @Override
  public void makeDurable() throws IOException {
    long written = end;
    synchronized (durability) {
      if (durableEnd >= written) {
        return;
      }
      long reached = end;
      try {
        file.getFD().sync();
      } catch (IOException e) {
        broken = true; // what is on the disk is unknown now
        throw e;
      }
      durableEnd = reached;
    }
  }

  @Override
  public void forEach(Consumer<JournalEntry> reader) throws IOException {
    JournalLines fromStart = new JournalLines();
    try (RandomAccessFile copy = new RandomAccessFile(path.toFile(), "r")) {
      readLines(copy, 0, end, line -> reader.accept(fromStart.read(line)));
    }
  }

  @Override
  public void close() throws IOException {
    if (!lockFile.getChannel().isOpen()) {
      return;
    }
    // Closing a file gives up all locks of the process on it, so no other journal may hold one.
    lock();
    broken = true;
    try (file) {
      lockFile.close();
    }
  }

  @Override
  public String toString() {
    return "file";
  }

  private interface LineReader {
    void read(String line) throws IOException;
  }

  /** Gives the lines between the offsets; returns the offset after the last complete line. */
  private static long readLines(RandomAccessFile from, long start, long stop, LineReader reader)
      throws IOException {
    byte[] buffer = new byte[64 * 1024];
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long position = start;
    long complete = start;
    from.seek(start);
    while (position < stop) {
      int read = from.read(buffer, 0, (int) Math.min(buffer.length, stop - position));
      if (read < 0) {
        break;
      }
      for (int i = 0; i < read; i++) {
        position++;
        if (buffer[i] == '\n') {
          reader.read(line.toString(UTF_8));
          line.reset();
          complete = position;
        } else {
          line.write(buffer[i]);
        }
      }
      if (line.size() > MAX_LINE) {
        throw new IOException("journal: a line is longer than " + MAX_LINE + " bytes");
      }
    }
    return complete;
  }

  private static boolean createForOwner(Path path) throws IOException {
    if (Files.exists(path)) {
      return false;
    }
    try {
      if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
        Files.createFile(
            path,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } else {
        Files.createFile(path);
      }
      return true;
    } catch (FileAlreadyExistsException e) {
      return false; // another process was faster
    }
  }

  private static void forceDirectory(Path file) throws IOException {
    Path directory = file.getParent();
    if (directory == null
        || !file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static @Nullable Object identityOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  private final class FileTurn implements Turn {
    private final FileLock processes;

    FileTurn(FileLock processes) {
      this.processes = processes;
    }

    @Override
    public void readNew(Consumer<JournalEntry> reader) throws IOException {
      long length = file.length();
      if (length == end) {
        return;
      }
      long complete;
      try {
        complete = readLines(file, end, length, line -> reader.accept(lines.read(line)));
      } catch (IOException e) {
        broken = true; // some of the new lines were given, and the rest cannot be
        throw e;
      }
      if (complete < length) {
        file.setLength(complete); // a write that failed or was killed; nothing acted on it
      }
      end = complete;
    }

    @Override
    public void append(List<JournalEntry> entries) throws IOException {
      JournalLines next = lines.copy();
      StringBuilder text = new StringBuilder();
      for (JournalEntry entry : entries) {
        text.append(JournalLines.requireAtMost(MAX_LINE, next.write(entry))).append('\n');
      }
      byte[] bytes = text.toString().getBytes(UTF_8);
      file.seek(end);
      try {
        file.write(bytes);
      } catch (IOException e) {
        broken = true;
        file.setLength(end);
        throw e;
      }
      end += bytes.length;
      lines = next;
    }

    @Override
    public void close() throws IOException {
      processes.release();
    }
  }
}
