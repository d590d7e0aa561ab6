// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.ExportLines;
import io.github.x402j.gate.SalesBook.Entry;
import io.github.x402j.gate.SalesBook.Filter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes entries as JSON and as CSV. */
final class SalesExport {
  private static final List<String> COLUMNS =
      List.of(
          "time",
          "state",
          "route",
          "payer",
          "payTo",
          "network",
          "asset",
          "symbol",
          "decimals",
          "amount",
          "transaction",
          "pass",
          "reason",
          "id");

  private SalesExport() {}

  static void csv(SalesBook book, Filter filter, Appendable out) throws IOException {
    out.append(ExportLines.csv(COLUMNS));
    write(
        book,
        filter,
        entry -> {
          Map<String, String> cells = cells(entry);
          return ExportLines.csv(
              COLUMNS.stream().map(name -> cells.getOrDefault(name, "")).toList());
        },
        out);
  }

  static void jsonLines(SalesBook book, Filter filter, Appendable out) throws IOException {
    write(book, filter, entry -> ExportLines.json(cells(entry)), out);
  }

  private static void write(
      SalesBook book, Filter filter, Function<Entry, String> line, Appendable out)
      throws IOException {
    try {
      book.forEach(
          filter,
          entry -> {
            try {
              out.append(line.apply(entry));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  /** Returns what is known of the entry, by the names of the columns. */
  private static Map<String, String> cells(Entry entry) {
    Map<String, String> cells = new LinkedHashMap<>();
    cells.put("time", entry.time().toString());
    cells.put("state", entry.state().name().toLowerCase(Locale.ROOT));
    cells.put("route", entry.route());
    cells.put("payer", entry.payer().text());
    cells.put("payTo", entry.payTo().text());
    cells.put("network", entry.currency().network().caip2());
    cells.put("asset", entry.currency().asset().text());
    putIfKnown(cells, "symbol", entry.currency().symbol());
    putIfKnown(cells, "decimals", entry.currency().decimals());
    cells.put("amount", entry.amount().toString());
    putIfKnown(cells, "transaction", entry.transaction());
    putIfKnown(cells, "pass", entry.pass());
    putIfKnown(cells, "reason", entry.reason());
    cells.put("id", entry.id());
    return cells;
  }

  private static void putIfKnown(Map<String, String> cells, String name, @Nullable Object value) {
    if (value != null) {
      cells.put(name, value.toString());
    }
  }
}
