// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.client.wallet.SpendJournal;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option with the file of the wallets. */
final class JournalOption {
  @Option(
      names = "--journal",
      paramLabel = "FILE",
      required = true,
      defaultValue = "${env:X402_JOURNAL}",
      description = "The file with the wallets and their payments. Default: $$X402_JOURNAL.")
  Path file = Path.of("");

  SpendJournal open() throws IOException {
    return SpendJournal.file(file);
  }
}
