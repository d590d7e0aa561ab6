// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.TokenAmount;
import io.github.x402j.UnicodeText;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a seller signs about one way to pay ({@code offer-receipt} extension, version 1).
 *
 * @param resourceUrl what is sold
 * @param scheme the payment scheme
 * @param network the chain, CAIP-2
 * @param asset the token's contract
 * @param payTo who is paid
 * @param amount the price in atomic units
 * @param until the time up to which the offer holds, whole seconds, or null where it is not said
 */
public record OfferStatement(
    String resourceUrl,
    String scheme,
    Network network,
    Address asset,
    Address payTo,
    TokenAmount amount,
    @Nullable Instant until) {
  /** Checks the texts: what cannot be written as UTF-8 cannot be signed. */
  public OfferStatement {
    UnicodeText.requireWellFormed("resourceUrl", resourceUrl);
    UnicodeText.requireWellFormed("scheme", scheme);
  }

  /** Returns the statement about one of the ways to pay for a resource. */
  public static OfferStatement of(String resourceUrl, PaymentRequirements option) {
    return new OfferStatement(
        resourceUrl,
        option.scheme(),
        option.network(),
        option.asset(),
        option.payTo(),
        option.amount(),
        null);
  }

  /**
   * Returns the statement with these members.
   *
   * @throws IllegalArgumentException if one is missing or is not what it must be, or the version is
   *     not 1
   */
  public static OfferStatement ofMembers(Map<String, Object> members) {
    StatementFields.requireVersion(members);
    boolean noEnd =
        !members.containsKey("validUntil") || StatementFields.number(members, "validUntil") == 0;
    return new OfferStatement(
        StatementFields.text(members, "resourceUrl"),
        StatementFields.text(members, "scheme"),
        Network.parse(StatementFields.text(members, "network")),
        Address.parse(StatementFields.text(members, "asset")),
        Address.parse(StatementFields.text(members, "payTo")),
        TokenAmount.parse(StatementFields.text(members, "amount")),
        noEnd ? null : StatementFields.seconds(members, "validUntil"));
  }

  /** Returns the members that are signed, as JSON in JDK types. */
  public Map<String, Object> toMembers() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("version", StatementFields.VERSION);
    members.put("resourceUrl", resourceUrl);
    members.put("scheme", scheme);
    members.put("network", network.caip2());
    members.put("asset", asset.text());
    members.put("payTo", payTo.text());
    members.put("amount", amount.toString());
    if (until != null) {
      members.put("validUntil", until.getEpochSecond());
    }
    return members;
  }

  /** Returns this statement with another end, of which whole seconds count. */
  public OfferStatement until(Instant end) {
    return new OfferStatement(
        resourceUrl, scheme, network, asset, payTo, amount, end.truncatedTo(ChronoUnit.SECONDS));
  }

  /** Returns whether the offer has ended: after {@code validUntil}, and not yet at it. */
  public boolean hasExpired(Instant now) {
    return until != null && now.truncatedTo(ChronoUnit.SECONDS).isAfter(until);
  }

  /** Returns how long the offer holds, empty where it is not said. */
  public Optional<Instant> validUntil() {
    return Optional.ofNullable(until);
  }
}
