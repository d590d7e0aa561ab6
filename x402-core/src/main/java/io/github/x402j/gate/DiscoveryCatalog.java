// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.PaymentRequirements;
import java.util.ArrayList;
import java.util.List;

/**
 * The resources that a facilitator has settled payments for, for agents to find. Bounded: what was
 * sold longest ago goes first. Implementations are safe for use by several threads; the contract
 * class of x402-testing tells the rest.
 */
public interface DiscoveryCatalog {
  /** The most ways to pay that one resource is listed with. */
  int MAX_WAYS_TO_PAY = 8;

  /**
   * Lists a resource, or renews the one with the same {@link DiscoveredResource#key}: what it says
   * now replaces what it said, and its ways to pay are added to the ones before.
   *
   * @throws LedgerException if it could not be stored
   */
  void put(DiscoveredResource resource);

  /**
   * Returns what a query finds: what was sold last comes first.
   *
   * @throws LedgerException if the store cannot be read
   */
  Page find(DiscoveryQuery query);

  /**
   * A part of what was found.
   *
   * @param total how many there are in all
   */
  record Page(List<DiscoveredResource> resources, long total) {
    /** Copies the list. */
    public Page {
      resources = List.copyOf(resources);
    }
  }

  /** Returns a resource as it is listed after one with the same key. */
  static DiscoveredResource renewed(DiscoveredResource before, DiscoveredResource now) {
    List<PaymentRequirements> ways = new ArrayList<>(now.accepts());
    before.accepts().stream()
        .filter(old -> ways.stream().noneMatch(own -> isSameWay(own, old)))
        .limit(Math.max(0, MAX_WAYS_TO_PAY - ways.size()))
        .forEach(ways::add);
    return now.with(ways, now.lastUpdated());
  }

  private static boolean isSameWay(PaymentRequirements one, PaymentRequirements other) {
    return one.scheme().equals(other.scheme())
        && one.network().equals(other.network())
        && one.asset().equals(other.asset());
  }
}
