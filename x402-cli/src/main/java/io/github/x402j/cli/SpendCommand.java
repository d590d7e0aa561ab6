// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.client.wallet.BookedPayment;
import io.github.x402j.client.wallet.DailySpend;
import io.github.x402j.client.wallet.SpendJournal;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what agents spent. */
@Command(
    name = "spend",
    description = "Shows what agents spent, by agent, host and day, or each payment. Needs no key.")
final class SpendCommand implements Callable<Integer> {
  private static final int LISTED = 50;

  private final Terminal terminal;

  @Mixin final JournalOption journal = new JournalOption();

  @Mixin final SpendOptions selection = new SpendOptions();

  @ArgGroup final Form form = new Form();

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "The number of payments, the latest ones. Default: 50 with --list, else all.")
  @Nullable Integer limit;

  @Option(names = "--json", description = "Print a JSON array.")
  boolean json;

  /** What is shown instead of sums; one of them at most. */
  static final class Form {
    @Option(names = "--list", description = "Show each payment.")
    boolean list;

    @Option(names = "--csv", description = "Print each payment as CSV.")
    boolean csv;

    @Option(names = "--jsonl", description = "Print each payment as JSON lines.")
    boolean jsonLines;
  }

  SpendCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws Exception {
    if (limit != null && limit < 1) {
      throw new IllegalArgumentException("--limit: expected at least 1, found " + limit);
    }
    PrintStream out = terminal.out();
    try (Progress waiting = Progress.waitingFor(terminal, "the journal");
        SpendJournal book = journal.open()) {
      if (form.csv) {
        book.writeCsv(selection.filter(limit), out);
      } else if (form.jsonLines) {
        book.writeJsonLines(selection.filter(limit), out);
      } else if (form.list) {
        printPayments(book.payments(selection.filter(limit == null ? LISTED : limit)));
      } else {
        printDays(book.spendByDay(selection.filter(limit)));
      }
    }
    out.flush();
    if (out.checkError()) {
      throw new IOException("the output could not be written");
    }
    return ExitCode.OK;
  }

  private void printPayments(List<BookedPayment> payments) {
    PrintStream out = terminal.out();
    if (json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      for (BookedPayment payment : payments) {
        ObjectNode each =
            all.addObject()
                .put("time", payment.time().toString())
                .put("state", payment.state().name())
                .put("agent", payment.agent())
                .put("request", payment.requestId())
                .put("nonce", payment.nonce());
        payment.details().forEach(each::put);
      }
      out.println(all);
      return;
    }
    out.printf(
        "%-20s %-11s %-20s %-20s %10s %-40s %s%n",
        "time", "state", "agent", "task", "price", "host and path", "transaction");
    for (BookedPayment payment : payments) {
      out.printf(
          "%-20s %-11s %-20s %-20s %10s %-40s %s%n",
          payment.time().toString().replaceFirst("\\.\\d+Z$", "Z"),
          payment.state().name().toLowerCase(Locale.ROOT),
          Display.harmless(payment.agent()),
          Display.harmless(payment.detail("task").orElse("-")),
          payment.price(),
          Display.harmless(payment.host() + payment.detail("path").orElse("")),
          Display.harmless(payment.detail("transaction").orElse("-")));
    }
  }

  private void printDays(List<DailySpend> days) {
    PrintStream out = terminal.out();
    if (json) {
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
