// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A wallet at one time, as its journal has it. Immutable.
 *
 * @param agent the agent whose wallet this is
 * @param address the account whose money is spent
 * @param limit the most that is spent within a period, empty for no limit
 * @param period the period after which the limit begins anew
 * @param spent the amount spent in this period, reserved amounts included
 * @param remaining the amount left of the limit; zero for a wallet that is revoked or has expired;
 *     empty for no limit
 * @param reserved the part of all that was spent whose outcome is not known
 * @param domains the hosts that may be paid, empty for any
 * @param expires the time from which on nothing is paid, empty for never
 * @param revokedFor why the wallet was revoked, empty if it was not
 * @param policy the rules that are kept with the wallet, one a line; empty if there are none
 * @param policyVersion how often they were changed, 0 if there never were any
 */
public record WalletStatus(
    String agent,
    Address address,
    Optional<Dollars> limit,
    BillingPeriod period,
    Dollars spent,
    Optional<Dollars> remaining,
    Dollars reserved,
    List<String> domains,
    Optional<Instant> expires,
    Optional<String> revokedFor,
    Optional<String> policy,
    int policyVersion) {

  static WalletStatus of(String agent, WalletState state, Instant now) {
    WalletTerms terms = state.terms();
    return new WalletStatus(
        agent,
        terms.address(),
        Optional.ofNullable(terms.limit()),
        terms.period(),
        state.spent(terms.period(), now),
        remaining(state, now),
        state.reserved(),
        terms.domains().stream().map(HostPattern::text).toList(),
        Optional.ofNullable(terms.expires()),
        state.revokedFor(),
        Optional.ofNullable(terms.policyText()),
        terms.policyVersion());
  }

  static Optional<Dollars> remaining(WalletState state, Instant now) {
    Instant expires = state.terms().expires();
    boolean pays = !state.isRevoked() && (expires == null || now.isBefore(expires));
    return state.left(now).map(left -> pays ? left : Dollars.ZERO);
  }

  /** Returns whether the wallet was revoked. */
  public boolean revoked() {
    return revokedFor.isPresent();
  }
}
