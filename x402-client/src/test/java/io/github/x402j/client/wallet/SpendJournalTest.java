// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** This module has no database on its class path. */
class SpendJournalTest {
  @TempDir Path directory;

  @Test
  void aJournalInAFileSaysWhichDependenciesToAdd() {
    Path file = directory.resolve("spend.journal");
    assertThatThrownBy(() -> SpendJournal.file(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("io.github.x402j:x402-jdbc")
        .hasMessageContaining("org.xerial:sqlite-jdbc");
    assertThat(file).doesNotExist();
  }
}
