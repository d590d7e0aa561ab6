// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.Address;
import io.github.x402j.gate.SalesBook.Filter;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that select sales. */
final class SaleOptions {
  @Mixin final DayOptions days = new DayOptions();

  @Option(
      names = "--route",
      paramLabel = "ROUTE",
      description = "One route, as the seller names it: 'GET /premium'. Default: all.")
  @Nullable String route;

  @Option(names = "--payer", paramLabel = "ADDRESS", description = "One payer. Default: all.")
  @Nullable Address payer;

  Filter filter() {
    Filter filter = Filter.all();
    if (days.from != null) {
      filter = filter.from(days.from.atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    if (days.until != null) {
      filter = filter.until(days.until.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant());
    }
    if (route != null) {
      filter = filter.route(route);
    }
    return payer == null ? filter : filter.payer(payer);
  }
}
