// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.x402j.gate.SalesBook.Currency;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.GroupBy;
import io.github.x402j.gate.SalesBook.Total;
import io.github.x402j.jdbc.JdbcSalesBook;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a seller sold. */
@Command(
    name = "sales",
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows what was sold, from the sales book in the seller's database.")
final class SalesCommand {
  private static final String DATABASE = "the database";

  private final Terminal terminal;

  SalesCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Command(
      name = "list",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Shows the last sales.")
  int list(
      @Mixin DatabaseOptions database,
      @Mixin SaleOptions selection,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "How many. Default: ${DEFAULT-VALUE}.")
          int limit,
      @Option(names = "--json", description = "Print a JSON array.") boolean json) {
    if (limit < 1) {
      throw new IllegalArgumentException("--limit: expected at least 1, found " + limit);
    }
    Deque<Entry> last = new ArrayDeque<>();
    try (Progress waiting = Progress.waitingFor(terminal, DATABASE);
        JdbcSalesBook book = database.open(terminal)) {
      book.forEach(
          selection.filter(),
          sale -> {
            last.add(sale);
            if (last.size() > limit) {
              last.remove();
            }
          });
    }
    if (json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      last.forEach(sale -> all.add(json(sale)));
      terminal.out().println(all);
    } else {
      print(last);
    }
    return ExitCode.OK;
  }

  private void print(Iterable<Entry> sales) {
    PrintStream out = terminal.out();
    out.printf(
        "%-20s %-9s %-30s %-42s %16s %s%n",
        "time", "state", "route", "payer", "amount", "transaction, or why it failed");
    for (Entry sale : sales) {
      out.printf(
          "%-20s %-9s %-30s %-42s %16s %s%n",
          sale.time().toString().replaceFirst("\\.\\d+Z$", "Z"),
          sale.pass() == null ? lower(sale.state()) : "pass",
          Display.harmless(sale.route()),
          sale.payer(),
          amount(sale.amount().atomicUnits(), sale.currency()),
          Display.harmless(
              Objects.requireNonNullElse(
                  sale.reason() == null ? sale.transaction() : sale.reason(), "")));
    }
  }

  private static ObjectNode json(Entry sale) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("time", sale.time().toString())
            .put("state", lower(sale.state()))
            .put("route", sale.route())
            .put("payer", sale.payer().text())
            .put("payTo", sale.payTo().text());
    return put(json, sale.currency())
        .put("amount", sale.amount().toString())
        .put("transaction", sale.transaction())
        .put("pass", sale.pass())
        .put("reason", sale.reason())
        .put("id", sale.id());
  }

  private static ObjectNode put(ObjectNode json, Currency currency) {
    return json.put("network", currency.network().caip2())
        .put("asset", currency.asset().text())
        .put("symbol", currency.symbol())
        .put("decimals", currency.decimals());
  }

  @Command(
      name = "export",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Prints all sales as CSV, or as JSON lines.")
  int export(
      @Mixin DatabaseOptions database,
      @Mixin SaleOptions selection,
      @Option(names = "--jsonl", description = "Print JSON lines in place of CSV.") boolean lines)
      throws IOException {
    PrintStream out = terminal.out();
    try (JdbcSalesBook book = database.open(terminal)) {
      if (lines) {
        book.writeJsonLines(selection.filter(), out);
      } else {
        book.writeCsv(selection.filter(), out);
      }
    }
    out.flush();
    if (out.checkError()) {
      throw new IOException("the output could not be written");
    }
    return ExitCode.OK;
  }

  @Command(
      name = "totals",
      mixinStandardHelpOptions = true, // at once: picocli counts it among the arguments
      description = "Adds up what was sold, by day, route or payer.")
  int totals(
      @Mixin DatabaseOptions database,
      @Mixin SaleOptions selection,
      @Option(
              names = "--by",
              paramLabel = "GROUP",
              defaultValue = "DAY",
              description = "${COMPLETION-CANDIDATES}. Days are in UTC. Default: ${DEFAULT-VALUE}.")
          GroupBy groups,
      @Option(names = "--json", description = "Print a JSON array.") boolean json) {
    List<Total> totals;
    try (Progress waiting = Progress.waitingFor(terminal, DATABASE);
        JdbcSalesBook book = database.open(terminal)) {
      totals = book.totals(selection.filter(), groups);
    }
    if (json) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      totals.forEach(total -> all.add(json(total)));
      terminal.out().println(all);
    } else {
      print(totals, lower(groups));
    }
    return ExitCode.OK;
  }

  private static ObjectNode json(Total total) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("group", total.group());
    return put(json, total.currency())
        .put("amount", total.amount().toString())
        .put("sales", total.sales())
        .put("undelivered", total.undelivered())
        .put("passes", total.passes())
        .put("open", total.open())
        .put("failed", total.failed());
  }

  private void print(List<Total> totals, String groups) {
    PrintStream out = terminal.out();
    out.printf(
        "%-42s %20s %8s %11s %8s %8s %8s %s%n",
        groups, "amount", "sales", "undelivered", "passes", "open", "failed", "network");
    for (Total total : totals) {
      out.printf(
          "%-42s %20s %8d %11d %8d %8d %8d %s%n",
          Display.harmless(total.group()),
          amount(total.amount(), total.currency()),
          total.sales(),
          total.undelivered(),
          total.passes(),
          total.open(),
          total.failed(),
          total.currency().network());
    }
  }

  /** Returns the amount in tokens, or in atomic units where the token's decimals are not known. */
  private static String amount(BigInteger atomicUnits, Currency currency) {
    Integer decimals = currency.decimals();
    String number =
        decimals == null
            ? atomicUnits.toString()
            : new BigDecimal(atomicUnits, decimals).toPlainString();
    String symbol = currency.symbol();
    String name = symbol == null ? currency.asset().text() : Display.harmless(symbol);
    return number + (decimals == null ? " units of " : " ") + name;
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
