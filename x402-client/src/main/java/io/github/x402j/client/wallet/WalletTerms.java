// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

import io.github.x402j.Address;
import io.github.x402j.client.wallet.PaymentDecision.Declined;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The terms that a wallet was provisioned with, as its journal keeps them. Immutable.
 *
 * @param limit the most that is spent within a period; null only for a client's own wallet
 * @param domains hosts that may be paid; empty only for a client's own wallet
 * @param expires the time from which on nothing is paid; null for never
 * @param renews whether a wallet that hit its limit waits for the next period and is not revoked
 * @param trustsRefusals whether an amount is free again when the seller says it was not taken
 * @param policyText the rules that are kept with the wallet, see {@link PolicyText}; null for none
 * @param policyVersion how often they were changed, 0 if there never were any
 */
record WalletTerms(
    Address address,
    @Nullable Dollars limit,
    BillingPeriod period,
    List<HostPattern> domains,
    @Nullable Instant expires,
    boolean renews,
    boolean trustsRefusals,
    @Nullable String policyText,
    int policyVersion) {

  WalletTerms {
    domains = List.copyOf(domains);
  }

  /** Returns the terms of a client that has a policy and no provisioned wallet. */
  static WalletTerms unlimited(Address address) {
    return new WalletTerms(
        address, null, BillingPeriod.EVER, List.of(), null, true, false, null, 0);
  }

  /** Returns the terms that the entry holds. */
  static WalletTerms of(JournalEntry provisioned) {
    return new WalletTerms(
        Address.parse(provisioned.need("address")),
        provisioned.detail("limit").map(Dollars::parse).orElse(null),
        BillingPeriod.valueOf(provisioned.need("period")),
        domains(provisioned),
        provisioned.detail("expires").map(Instant::parse).orElse(null),
        provisioned.need("onLimit").equals("renew"),
        provisioned.need("refusals").equals("trusted"),
        provisioned.detail("policy").orElse(null),
        provisioned.detail("policyVersion").map(Integer::parseInt).orElse(0));
  }

  /** Returns the policy that is kept with the wallet, empty if there is none. */
  Optional<SpendingPolicy> policy() {
    return Optional.ofNullable(policyText).map(PolicyText::parse);
  }

  /** Returns these terms with a policy that follows that of the terms before, or the same. */
  WalletTerms withPolicyAfter(@Nullable WalletTerms before) {
    String former = before == null ? null : before.policyText;
    int version = before == null ? 0 : before.policyVersion;
    boolean keeps = policyText == null || policyText.equals(former);
    return new WalletTerms(
        address,
        limit,
        period,
        domains,
        expires,
        renews,
        trustsRefusals,
        keeps ? former : policyText,
        keeps ? version : version + 1);
  }

  /** Returns these terms with another policy, which is the next version. */
  WalletTerms withPolicy(SpendingPolicy policy) {
    return new WalletTerms(
            address,
            limit,
            period,
            domains,
            expires,
            renews,
            trustsRefusals,
            PolicyText.of(policy),
            0)
        .withPolicyAfter(this);
  }

  /** Returns the terms as the details of an entry. */
  Map<String, String> details() {
    Map<String, String> details = new TreeMap<>();
    details.put("address", address.toString());
    if (limit != null) {
      details.put("limit", limit.toString());
    }
    details.put("period", period.name());
    if (!domains.isEmpty()) {
      details.put("domains", String.join(" ", texts()));
    }
    if (expires != null) {
      details.put("expires", expires.toString());
    }
    details.put("onLimit", renews ? "renew" : "revoke");
    details.put("refusals", trustsRefusals ? "trusted" : "kept");
    if (policyText != null) {
      details.put("policy", policyText);
      details.put("policyVersion", String.valueOf(policyVersion));
    }
    return details;
  }

  private static List<HostPattern> domains(JournalEntry provisioned) {
    List<HostPattern> domains = new ArrayList<>();
    for (int i = 0; provisioned.detail(domainsName(i)).isPresent(); i++) {
      Stream.of(provisioned.need(domainsName(i)).split(" "))
          .map(HostPattern::new)
          .forEach(domains::add);
    }
    return domains;
  }

  /**
   * Returns the name of one of the details that hold the domains: earlier versions wrote several.
   */
  private static String domainsName(int index) {
    return index == 0 ? "domains" : "domains" + (index + 1);
  }

  /** Returns the limit as text, such as "$20 per month". */
  String limitText() {
    return limit
        + (period == BillingPeriod.EVER
            ? " in total"
            : " per " + period.name().toLowerCase(Locale.ROOT));
  }

  /** Returns why these terms do not allow the payment, apart from the limit; empty if they do. */
  Optional<Declined> objection(ProposedPayment payment, Instant now) {
    if (expires != null && !now.isBefore(expires)) {
      return Optional.of(
          Declined.of("expiry", "payments before " + expires, "a payment at " + now));
    }
    if (!domains.isEmpty()
        && domains.stream().noneMatch(domain -> domain.matches(payment.host()))) {
      return Optional.of(Declined.of("allowedDomains", String.join(", ", texts()), payment.host()));
    }
    return Optional.empty();
  }

  private List<String> texts() {
    return domains.stream().map(HostPattern::text).toList();
  }
}
