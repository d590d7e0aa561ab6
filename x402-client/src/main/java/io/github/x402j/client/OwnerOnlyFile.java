// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/** Files that hold secrets: only their owner may read them, and a crash leaves none half. */
final class OwnerOnlyFile {
  private static final Set<PosixFilePermission> FILE =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final Set<PosixFilePermission> DIRECTORY =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private OwnerOnlyFile() {}

  /**
   * Requires that others cannot read the file.
   *
   * @param because completes the message, such as "because anyone who reads it can use it"
   * @throws IOException if they can; the message names the permissions
   */
  static void require(Path file, String because) throws IOException {
    if (isPosix(file)) {
      Set<PosixFilePermission> found = Files.getPosixFilePermissions(file);
      if (!FILE.containsAll(found)) {
        throw new IOException(
            file
                + ": expected permissions rw-------, "
                + because
                + "; found "
                + PosixFilePermissions.toString(found));
      }
    }
  }

  /** Makes the directory if it is missing. */
  static void makeDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Path parent = directory.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      Files.createDirectories(directory, permissions(directory, DIRECTORY));
    }
  }

  /** Writes the file anew, durably, and in one step: readers see the old one or the new one. */
  static void write(Path file, byte[] content) throws IOException {
    Path fresh =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName() + ".",
            ".new",
            permissions(file, FILE));
    boolean moved = false;
    try {
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      moved = true;
    } finally {
      if (!moved) {
        Files.deleteIfExists(fresh);
      }
    }
  }

  private static FileAttribute<?>[] permissions(Path file, Set<PosixFilePermission> permissions) {
    return isPosix(file)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static boolean isPosix(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
