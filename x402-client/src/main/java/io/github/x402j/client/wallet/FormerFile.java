// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.x402j.http.Deadline;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.locks.LockSupport;

/**
 * Opens the journal in a file. A journal of lines, which earlier versions wrote, is read once and
 * imported; it stays beside the new one, with {@code .lines} added to its name.
 */
final class FormerFile {
  private static final Duration LOCKED_WITHIN = Duration.ofSeconds(10);
  private static final int ENTRIES_AT_A_TIME = 4000;
  private static final String SQLITE = "SQLite format 3";

  private FormerFile() {}

  static SpendJournal open(Path path) throws IOException {
    JournalFileOpener opener =
        ServiceLoader.load(JournalFileOpener.class, FormerFile.class.getClassLoader())
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException(
                        "journal: a journal in a file needs io.github.x402j:x402-jdbc and"
                            + " org.xerial:sqlite-jdbc on the class path; add both"));
    Path file = path.toAbsolutePath();
    if (hasLines(file)) {
      importLines(file, opener);
    }
    return SpendJournal.on(opener.open(file));
  }

  private static boolean hasLines(Path file) throws IOException {
    if (!Files.exists(file) || Files.size(file) == 0) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return !new String(in.readNBytes(SQLITE.length()), ISO_8859_1).equals(SQLITE);
    }
  }

  /** Imports the lines while no process of an earlier version can write more of them. */
  private static void importLines(Path file, JournalFileOpener opener) throws IOException {
    Path lockFile = beside(file, ".lock");
    try (FileChannel channel =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      if (!hasLines(file)) {
        return; // another process was faster
      }
      Path fresh = beside(file, ".importing");
      for (String end : List.of("", "-wal", "-shm")) {
        Files.deleteIfExists(beside(fresh, end)); // of a process that was killed meanwhile
      }
      try (SpendJournal journal = SpendJournal.on(opener.open(fresh))) {
        importInto(journal, reader -> forEachLine(file, reader));
      }
      Path kept = beside(file, ".lines");
      Files.copy(
          file, kept, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
      force(kept);
      force(fresh);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  /** Gives lines to a reader. */
  interface Lines {
    void forEach(LineReader reader) throws IOException;
  }

  /** Reads a line. */
  interface LineReader {
    void read(String line) throws IOException;
  }

  /** Writes the entries of the lines to the journal, which is empty. */
  static void importInto(SpendJournal journal, Lines lines) throws IOException {
    FormerLines former = new FormerLines();
    List<JournalEntry.Draft> drafts = new ArrayList<>();
    lines.forEach(
        line -> {
          JournalEntry entry = former.read(line);
          drafts.add(
              new JournalEntry.Draft(
                  entry.time(), entry.event(), entry.agent(), entry.requestId(), entry.details()));
          if (drafts.size() == ENTRIES_AT_A_TIME) {
            journal.write(drafts);
            drafts.clear();
          }
        });
    journal.write(drafts);
    journal.makeDurable();
  }

  /** Gives each complete line. A killed process leaves the last one without an end. */
  private static void forEachLine(Path file, LineReader reader) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next == '\n') {
          reader.read(line.toString(UTF_8));
          line.reset();
        } else {
          line.write(next);
        }
      }
    }
  }

  private static FileLock lock(FileChannel channel) throws IOException {
    Deadline deadline = Deadline.in(LOCKED_WITHIN);
    while (!deadline.left().isZero()) {
      try {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          return lock;
        }
      } catch (OverlappingFileLockException e) {
        // another thread of this process imports
      }
      LockSupport.parkNanos(1_000_000);
    }
    throw new IOException("journal: another process has held the lock for " + LOCKED_WITHIN);
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static Path beside(Path file, String end) {
    return file.resolveSibling(file.getFileName() + end);
  }
}
