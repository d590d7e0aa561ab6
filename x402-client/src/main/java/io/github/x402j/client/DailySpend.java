// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import java.time.LocalDate;

/**
 * What one agent spent at one host on one day.
 *
 * @param agent whose wallet
 * @param host who was paid
 * @param day in UTC, of the time when the payments were allowed
 * @param spent reserved amounts included, returned ones not
 * @param payments how many those are
 */
public record DailySpend(String agent, String host, LocalDate day, Dollars spent, long payments) {}
