// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A wallet as its journal has it, at one time.
 *
 * @param agent whose wallet
 * @param address whose money is spent
 * @param limit how much within a period, empty for no limit
 * @param period after what time the limit begins anew
 * @param spent in this period, reserved amounts included
 * @param remaining of the limit; zero for a wallet that is revoked or has expired; empty for no
 *     limit
 * @param reserved of what was spent, what has no known outcome
 * @param domains where it may pay, empty for anywhere
 * @param expires from when on it pays nothing, empty for never
 * @param revokedFor why it was revoked, empty if it was not
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
    Optional<String> revokedFor) {

  static WalletStatus of(String agent, WalletBook book, Instant now) {
    Terms terms = book.terms();
    Instant expires = terms.expires();
    boolean pays = !book.isRevoked() && (expires == null || now.isBefore(expires));
    Dollars reserved =
        book.openCharges().stream().map(Charge::dollars).reduce(Dollars.ZERO, Dollars::plus);
    return new WalletStatus(
        agent,
        terms.address(),
        Optional.ofNullable(terms.limit()),
        terms.period(),
        book.spent(terms.period(), now),
        book.left(now).map(left -> pays ? left : Dollars.ZERO),
        reserved,
        terms.domains(),
        Optional.ofNullable(expires),
        book.revokedFor());
  }

  /** Returns whether the wallet was revoked. */
  public boolean revoked() {
    return revokedFor.isPresent();
  }
}
