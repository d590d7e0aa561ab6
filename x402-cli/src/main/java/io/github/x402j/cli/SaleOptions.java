// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.gate.SalesBook.Filter;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select sales. */
final class SaleOptions {
  @Option(
      names = "--from",
      paramLabel = "DATE",
      description = "The first day, in UTC, such as 2026-11-01. Default: the beginning.")
  @Nullable LocalDate from;

  @Option(
      names = "--until",
      paramLabel = "DATE",
      description = "The last day, in UTC. Default: today.")
  @Nullable LocalDate until;

  @Option(
      names = "--route",
      paramLabel = "ROUTE",
      description = "One route, as the seller names it: 'GET /premium'. Default: all.")
  @Nullable String route;

  @Option(names = "--payer", paramLabel = "ADDRESS", description = "One payer. Default: all.")
  @Nullable Address payer;

  Filter filter() {
    Filter filter = Filter.all();
    if (from != null) {
      filter = filter.from(from.atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    if (until != null) {
      filter = filter.until(until.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    if (route != null) {
      filter = filter.route(route);
    }
    return payer == null ? filter : filter.payer(payer);
  }
}
