// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import io.github.x402j.client.wallet.JournalEntry;
import io.github.x402j.client.wallet.SpendFilter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that select payments of a journal. */
final class SpendOptions {
  @Option(names = "--agent", paramLabel = "AGENT", description = "One agent. Default: all.")
  @Nullable String agent;

  @Option(names = "--host", paramLabel = "HOST", description = "One host. Default: all.")
  @Nullable String host;

  @Mixin final DayOptions days = new DayOptions();

  @Option(names = "--task", paramLabel = "TASK", description = "One task. Default: all.")
  @Nullable String task;

  @Option(
      names = "--state",
      paramLabel = "STATE",
      description =
          "The last that is known: allowed, signed, settled, unconfirmed, pending, rejected,"
              + " returned. Default: any.")
  @Nullable String state;

  SpendFilter filter(@Nullable Integer last) {
    return new SpendFilter(
        agent,
        host == null ? null : host.toLowerCase(Locale.ROOT),
        days.from,
        days.until,
        task,
        state(),
        last == null ? 0 : last);
  }

  private JournalEntry.@Nullable Event state() {
    if (state == null) {
      return null;
    }
    JournalEntry.Event found;
    try {
      found = JournalEntry.Event.valueOf(state.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw unknown();
    }
    return switch (found) {
      case ALLOWED, SIGNED, SETTLED, UNCONFIRMED, PENDING, REJECTED, RETURNED -> found;
      default -> throw unknown();
    };
  }

  private IllegalArgumentException unknown() {
    return new IllegalArgumentException(
        "--state: expected allowed, signed, settled, unconfirmed, pending, rejected or returned");
  }
}
