// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Selects payments of a journal. Immutable: each method returns a filter with one more condition.
 *
 * @param agent the agent that paid; null for any
 * @param host the host that was paid; null for any
 * @param from the first day in UTC; null for the beginning
 * @param until the last day in UTC; null for the end
 * @param task the task of the request; null for any
 * @param state the last that is known of the payment; null for anything
 * @param last the number of payments, the latest ones; 0 for all
 */
public record SpendFilter(
    @Nullable String agent,
    @Nullable String host,
    @Nullable LocalDate from,
    @Nullable LocalDate until,
    @Nullable String task,
    JournalEntry.@Nullable Event state,
    int last) {

  /** Returns the filter that selects all payments. */
  public static SpendFilter all() {
    return new SpendFilter(null, null, null, null, null, null, 0);
  }

  /** Selects payments of this agent. */
  public SpendFilter agent(String name) {
    return new SpendFilter(name, host, from, until, task, state, last);
  }

  /** Selects payments to this host. */
  public SpendFilter host(String name) {
    return new SpendFilter(agent, name, from, until, task, state, last);
  }

  /** Selects payments that were allowed on this day (UTC) or later. */
  public SpendFilter from(LocalDate day) {
    return new SpendFilter(agent, host, day, until, task, state, last);
  }

  /** Selects payments that were allowed on this day (UTC) or before. */
  public SpendFilter until(LocalDate day) {
    return new SpendFilter(agent, host, from, day, task, state, last);
  }

  /** Selects payments for requests of this task. */
  public SpendFilter task(String name) {
    return new SpendFilter(agent, host, from, until, name, state, last);
  }

  /** Selects payments of which this is the last that is known. */
  public SpendFilter state(JournalEntry.Event lastKnown) {
    return new SpendFilter(agent, host, from, until, task, lastKnown, last);
  }

  /** Selects at most this number of payments, the latest ones. */
  public SpendFilter last(int payments) {
    return new SpendFilter(agent, host, from, until, task, state, payments);
  }

  /** Returns whether the payment meets all conditions but the number. */
  public boolean selects(BookedPayment payment) {
    LocalDate day = BillingPeriod.DAY.firstDay(payment.time());
    return (agent == null || agent.equals(payment.agent()))
        && (host == null || host.equals(payment.host()))
        && isIn(day)
        && (task == null || task.equals(payment.detail("task").orElse(null)))
        && (state == null || state == payment.state());
  }

  boolean isIn(LocalDate day) {
    return (from == null || !day.isBefore(from)) && (until == null || !day.isAfter(until));
  }
}
