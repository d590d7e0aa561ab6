// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

import io.github.x402j.Address;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a wallet was provisioned with, as its journal keeps it.
 *
 * @param limit how much within a period; null only for a client's own wallet without a limit
 * @param domains patterns of hosts; empty only for a client's own wallet
 * @param expires from when on nothing is paid; null for never
 * @param renews whether a wallet that hit its limit goes on in the next period, and is not revoked
 * @param trustsRefusals whether an amount is free again because the seller says it was not taken
 */
record Terms(
    Address address,
    @Nullable Dollars limit,
    BillingPeriod period,
    List<String> domains,
    @Nullable Instant expires,
    boolean renews,
    boolean trustsRefusals) {

  Terms {
    domains = List.copyOf(domains);
  }

  /** Returns the terms of a client that has a policy and no provisioned wallet. */
  static Terms unlimited(Address address) {
    return new Terms(address, null, BillingPeriod.EVER, List.of(), null, true, false);
  }

  static Terms of(JournalEntry provisioned) {
    return new Terms(
        Address.parse(provisioned.need("address")),
        provisioned.detail("limit").map(Dollars::parse).orElse(null),
        BillingPeriod.valueOf(provisioned.need("period")),
        provisioned.detail("domains").map(domains -> List.of(domains.split(" "))).orElse(List.of()),
        provisioned.detail("expires").map(Instant::parse).orElse(null),
        provisioned.need("onLimit").equals("renew"),
        provisioned.need("refusals").equals("trusted"));
  }

  Map<String, String> details() {
    Map<String, String> details = new TreeMap<>();
    details.put("address", address.toString());
    if (limit != null) {
      details.put("limit", limit.toString());
    }
    details.put("period", period.name());
    if (!domains.isEmpty()) {
      details.put("domains", String.join(" ", domains));
    }
    if (expires != null) {
      details.put("expires", expires.toString());
    }
    details.put("onLimit", renews ? "renew" : "revoke");
    details.put("refusals", trustsRefusals ? "trusted" : "kept");
    return details;
  }

  /** Returns the limit for people. */
  String limitText() {
    return limit
        + (period == BillingPeriod.EVER
            ? " in total"
            : " per " + period.name().toLowerCase(Locale.ROOT));
  }

  /** Returns why the wallet does not pay this at all, its limit aside. */
  Optional<Refusal> refusal(ProposedPayment payment, Instant now) {
    if (expires != null && !now.isBefore(expires)) {
      return Optional.of(Refusal.of("expiry", "payments before " + expires, "a payment at " + now));
    }
    if (domains.stream().noneMatch(domain -> Rules.matches(domain, payment.host()))
        && !domains.isEmpty()) {
      return Optional.of(Refusal.of("allowedDomains", String.join(", ", domains), payment.host()));
    }
    return Optional.empty();
  }
}
