// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.cli;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select days, in UTC. */
final class DayOptions {
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
}
