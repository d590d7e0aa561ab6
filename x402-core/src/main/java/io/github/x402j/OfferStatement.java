// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Instant;
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

  /** Returns how long the offer holds, empty where it is not said. */
  public Optional<Instant> validUntil() {
    return Optional.ofNullable(until);
  }
}
