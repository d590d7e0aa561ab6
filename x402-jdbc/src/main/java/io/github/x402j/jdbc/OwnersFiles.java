// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.jdbc;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A database's file and the two that SQLite keeps beside it: for their owner alone, and the same
 * ones as long as they are open.
 */
final class OwnersFiles {
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.complementOf(
          EnumSet.of(
              PosixFilePermission.OWNER_READ,
              PosixFilePermission.OWNER_WRITE,
              PosixFilePermission.OWNER_EXECUTE));

  private final List<Path> files;
  private List<@Nullable Object> keys = List.of();

  OwnersFiles(Path database) {
    this.files = List.of(database, beside(database, "-wal"), beside(database, "-shm"));
  }

  /** Returns the write-ahead log. */
  Path log() {
    return files.get(1);
  }

  /** Creates the database's file if it is missing, for its owner alone. SQLite takes its mode. */
  void create() throws IOException {
    createFor(files.get(0));
  }

  static void createFor(Path file) throws IOException {
    if (Files.exists(file)) {
      return;
    }
    try {
      if (isPosix(file)) {
        Files.createFile(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        forceDirectory(file);
      } else {
        Files.createFile(file);
      }
    } catch (FileAlreadyExistsException e) {
      // another process was faster
    }
  }

  private static void forceDirectory(Path file) throws IOException {
    Path directory = file.getParent();
    if (directory != null) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  /**
   * Requires that others can neither read nor write one of the files.
   *
   * @throws IOException if they can
   */
  void requireOwnersOnly() throws IOException {
    if (!isPosix(files.get(0))) {
      return;
    }
    for (Path file : files) {
      try {
        Set<PosixFilePermission> found = Files.getPosixFilePermissions(file);
        if (found.stream().anyMatch(OTHERS::contains)) {
          throw new IOException(
              "journal: expected a file for its owner alone, found "
                  + PosixFilePermissions.toString(found)
                  + "; run chmod 600 "
                  + file);
        }
      } catch (NoSuchFileException e) {
        // the log is there while somebody has the database open
      }
    }
  }

  /** Remembers which files these are. */
  void remember() throws IOException {
    keys = keys();
  }

  /**
   * Requires that they still are.
   *
   * @throws IOException if one was removed or replaced: another process would then see other money
   */
  void requireSame() throws IOException {
    if (!keys.equals(keys())) {
      throw new IOException("journal: a file was replaced or removed while it was open: " + files);
    }
  }

  private List<@Nullable Object> keys() throws IOException {
    List<@Nullable Object> found = new ArrayList<>();
    for (Path file : files) {
      try {
        found.add(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
      } catch (NoSuchFileException e) {
        found.add("missing");
      }
    }
    return found;
  }

  private static boolean isPosix(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static Path beside(Path file, String end) {
    return file.resolveSibling(file.getFileName() + end);
  }
}
