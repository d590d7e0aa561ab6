// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A payment above the threshold of a policy, which its owner approves or denies. It is good for one
 * payment of the same request, at the same price or less, to the same recipient. Immutable.
 *
 * @param id the name that the owner decides by
 * @param agent the agent that wants to pay
 * @param askedAt the time when the agent asked
 * @param until the time until which the owner can decide, or the agent can pay
 * @param details more, as in {@link JournalEntry#details}: {@code method}, {@code host}, {@code
 *     path}, {@code price}, {@code token}, {@code network}, {@code payTo}
 */
public record ApprovalRequest(
    String id,
    String agent,
    State state,
    Instant askedAt,
    Instant until,
    Map<String, String> details) {

  /** What the owner has decided. */
  public enum State {
    /** Nothing yet. */
    WAITING,
    /** The agent's next try goes through, once. */
    APPROVED,
    /** The payment is declined. */
    DENIED
  }

  /** Copies the details. */
  public ApprovalRequest {
    details = Collections.unmodifiableMap(new TreeMap<>(details));
  }

  /** Returns the price. One token counts as one dollar. */
  public Dollars price() {
    return Dollars.parse(details.getOrDefault("price", "$0"));
  }

  /** Returns the detail of this name, empty if there is none. */
  public Optional<String> detail(String name) {
    return Optional.ofNullable(details.get(name));
  }

  /** Returns whether the payment, with these details, is the one that was asked for, or less. */
  boolean covers(Map<String, String> payment) {
    return !Dollars.parse(payment.getOrDefault("price", "$0")).isMoreThan(price())
        && isSame(payment, "payTo")
        && isSame(payment, "token")
        && isSame(payment, "network");
  }

  private boolean isSame(Map<String, String> payment, String name) {
    return details.get(name) != null && details.get(name).equals(payment.get(name));
  }
}
