// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens journals in files for {@link SpendJournal#file}, which finds it by {@link
 * java.util.ServiceLoader}. {@code x402-jdbc} has the one for SQLite. Meant to be implemented.
 */
public interface JournalFileOpener {
  /**
   * Returns the storage in this file, which is created if it is missing. Only its owner may read
   * the file.
   *
   * @throws IOException if it cannot be used, or a library is missing; the message says which
   */
  JournalStorage open(Path file) throws IOException;
}
