// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;

/**
 * The period after which a wallet's limit begins anew. Periods are those of the calendar in UTC.
 */
public enum BillingPeriod {
  /** From midnight to midnight. */
  DAY,
  /** From Monday to Sunday. */
  WEEK,
  /** From the first of a month to its last day. */
  MONTH,
  /** Never: the limit is for the life of the wallet. */
  EVER;

  /** Returns the first day of the period that contains the time. */
  LocalDate firstDay(Instant time) {
    LocalDate day = LocalDate.ofInstant(time, ZoneOffset.UTC);
    return switch (this) {
      case DAY -> day;
      case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case MONTH -> day.withDayOfMonth(1);
      case EVER -> LocalDate.MIN;
    };
  }
}
