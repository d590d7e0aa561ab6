// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Verifies, copies and prints a journal. */
@Command(
    name = "journal",
    synopsisSubcommandLabel = "COMMAND",
    description = "Verifies, copies and prints the journal of wallets. Needs no key.")
final class JournalCommand {
  private static final String JOURNAL = "the journal";

  private final Terminal terminal;

  JournalCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "check",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description =
          "Verifies the file, each entry, and that payments and sums are what the entries say."
              + " Exits with 6 if anything is damaged.")
  int check(
      @Mixin JournalOption journal,
      @Option(names = "--json", description = "Print one JSON object.") boolean json)
      throws IOException {
    List<String> damage;
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      damage = book.check();
    }
    PrintStream out = terminal.out();
    if (json) {
      ObjectNode object = JsonNodeFactory.instance.objectNode().put("ok", damage.isEmpty());
      damage.forEach(object.withArray("damage")::add);
      out.println(object);
    } else if (damage.isEmpty()) {
      out.println("in order");
    } else {
      damage.forEach(each -> out.println("damaged: " + Display.harmless(each)));
    }
    return damage.isEmpty() ? ExitCode.OK : ExitCode.NOT_VERIFIED;
  }

  @Command(
      name = "backup",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Writes a copy, while agents go on paying.")
  int backup(
      @Parameters(paramLabel = "FILE", description = "The new file.") Path file,
      @Mixin JournalOption journal)
      throws IOException {
    try (Progress waiting = Progress.waitingFor(terminal, JOURNAL);
        SpendJournal book = journal.open()) {
      book.backup(file);
    }
    return ExitCode.OK;
  }

  @Command(
      name = "export",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Prints every entry as CSV, or as JSON lines.")
  int export(
      @Mixin JournalOption journal,
      @Option(names = "--jsonl", description = "Print JSON lines in place of CSV.") boolean lines)
      throws IOException {
    PrintStream out = terminal.out();
    try (SpendJournal book = journal.open()) {
      if (lines) {
        book.writeJsonLines(out);
      } else {
        book.writeCsv(out);
      }
    }
    out.flush();
    if (out.checkError()) {
      throw new IOException("the output could not be written");
    }
    return ExitCode.OK;
  }
}
