// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.x402j.client.wallet.DailySpend;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what agents spent. */
@Command(
    name = "spend",
    description = "Shows what agents spent, by agent, host and day. Needs no key.")
final class SpendCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin final JournalOption journal = new JournalOption();

  @ArgGroup final Form form = new Form();

  /** The form of the output; one of them at most. */
  static final class Form {
    @Option(names = "--json", description = "Print a JSON array.")
    boolean json;

    @Option(names = "--csv", description = "Print every entry of the journal as CSV.")
    boolean csv;

    @Option(names = "--jsonl", description = "Print every entry of the journal as JSON lines.")
    boolean jsonLines;
  }

  SpendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    PrintStream out = terminal.out();
    try (Progress waiting = Progress.waitingFor(terminal, "the journal");
        SpendJournal book = journal.open()) {
      if (form.csv) {
        book.writeCsv(out);
      } else if (form.jsonLines) {
        book.writeJsonLines(out);
      } else {
        print(book.spendByDay());
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private void print(List<DailySpend> days) {
    PrintStream out = terminal.out();
    if (form.json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      for (DailySpend day : days) {
        all.addObject()
            .put("agent", day.agent())
            .put("host", day.host())
            .put("day", day.day().toString())
            .put("spent", day.spent().toString())
            .put("payments", day.payments());
      }
      out.println(all);
      return;
    }
    out.printf("%-20s %-30s %-10s %10s %8s%n", "agent", "host", "day", "spent", "payments");
    for (DailySpend day : days) {
      out.printf(
          "%-20s %-30s %-10s %10s %8d%n",
          Display.harmless(day.agent()),
          Display.harmless(day.host()),
          day.day(),
          day.spent(),
          day.payments());
    }
  }
}
