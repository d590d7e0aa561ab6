// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One way to pay (specification 5.1.2, {@code PaymentRequirements}).
 *
 * <p>Two requirements are equal when every field is, {@code received} aside; that is the comparison
 * by which a payment is held against what was offered.
 *
 * @param scheme the payment scheme; this library pays and accepts {@value #EXACT}
 * @param network the chain
 * @param amount the price, more than zero when offered
 * @param asset the token's contract
 * @param payTo who is paid
 * @param maxTimeout how long an authorization may be valid, whole seconds, at least one
 * @param extra what the scheme needs besides; for {@value #EXACT} the token's EIP-712 {@code name}
 *     and {@code version}, and a {@link TransferMethod}. JSON as JDK types, immutable
 * @param received the JSON text of a version 2 descriptor that these requirements were read from,
 *     or null. A payment sends it back as it is: a seller may compare what a payer accepted with
 *     what it offered as text, in its own spelling of addresses and with members unknown here
 */
public record PaymentRequirements(
    String scheme,
    Network network,
    TokenAmount amount,
    Address asset,
    Address payTo,
    Duration maxTimeout,
    Map<String, Object> extra,
    @Nullable String received) {

  /** The scheme in which exactly the price is transferred. */
  public static final String EXACT = "exact";

  /** The name in {@code extra} of what {@link #withDecimals} adds. */
  public static final String DECIMALS = "decimals";

  /** Checks the timeout and copies {@code extra}. */
  public PaymentRequirements {
    if (maxTimeout.toSeconds() < 1 || maxTimeout.getNano() != 0) {
      throw new IllegalArgumentException(
          "maxTimeoutSeconds: expected whole seconds, at least 1, found " + maxTimeout);
    }
    extra = JsonValues.copyOf(extra);
  }

  /** Makes requirements of the seller's own. */
  public PaymentRequirements(
      String scheme,
      Network network,
      TokenAmount amount,
      Address asset,
      Address payTo,
      Duration maxTimeout,
      Map<String, Object> extra) {
    this(scheme, network, amount, asset, payTo, maxTimeout, extra, null);
  }

  /**
   * Returns the requirement to transfer exactly this amount of the token.
   *
   * @throws IllegalArgumentException if the amount is zero or {@code payTo} is the zero address
   */
  public static PaymentRequirements exact(
      Token token, TokenAmount amount, Address payTo, Duration maxTimeout) {
    if (amount.isZero()) {
      throw new IllegalArgumentException("amount: expected more than zero");
    }
    if (payTo.isZero()) {
      throw new IllegalArgumentException("payTo: the zero address would burn the payment");
    }
    return new PaymentRequirements(
        EXACT, token.network(), amount, token.contract(), payTo, maxTimeout, token.extra());
  }

  /**
   * Returns these requirements with the decimals that a price in dollars is computed with, for
   * {@link Facilitator#start} to compare with the contract's. They are not for the wire.
   *
   * @param decimals as {@link Token#decimals} is configured
   */
  public PaymentRequirements withDecimals(int decimals) {
    Map<String, Object> more = new LinkedHashMap<>(extra);
    more.put(DECIMALS, decimals);
    return new PaymentRequirements(scheme, network, amount, asset, payTo, maxTimeout, more);
  }

  /** Returns whether an EIP-3009 authorization pays it, as it does where no method is named. */
  public boolean takesAuthorization() {
    return TransferMethod.of(this).equals(Optional.of(TransferMethod.EIP_3009));
  }

  /**
   * Returns these requirements, announcing the flow (specification 6.1): nothing is said of {@link
   * PaymentFlow#AUTHORIZATION}, which is what none means.
   */
  public PaymentRequirements withFlow(PaymentFlow flow) {
    Map<String, Object> changed = new LinkedHashMap<>(extra);
    changed.remove(PaymentFlow.NAME);
    if (flow != PaymentFlow.AUTHORIZATION) {
      changed.put(PaymentFlow.NAME, flow.wireName());
    }
    return new PaymentRequirements(scheme, network, amount, asset, payTo, maxTimeout, changed);
  }

  /** Returns the requirement of another payment in the same token. */
  PaymentRequirements with(TokenAmount newAmount, Address newPayTo, Duration newTimeout) {
    return new PaymentRequirements(
        scheme, network, newAmount, asset, newPayTo, newTimeout, extra, null);
  }

  /** Returns these requirements with the text that they were read from. */
  PaymentRequirements withReceived(String json) {
    return new PaymentRequirements(scheme, network, amount, asset, payTo, maxTimeout, extra, json);
  }

  /** Compares what is required, not how it was spelled. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PaymentRequirements that
        && scheme.equals(that.scheme)
        && network.equals(that.network)
        && amount.equals(that.amount)
        && asset.equals(that.asset)
        && payTo.equals(that.payTo)
        && maxTimeout.equals(that.maxTimeout)
        && extra.equals(that.extra);
  }

  @Override
  public int hashCode() {
    return Objects.hash(scheme, network, amount, asset, payTo, maxTimeout, extra);
  }
}
