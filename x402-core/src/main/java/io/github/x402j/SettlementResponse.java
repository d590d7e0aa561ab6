// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the seller says of the settlement (specification 5.3, {@code SettlementResponse}).
 *
 * @param success whether the payment was settled
 * @param transaction the transaction's hash, empty if there is none
 * @param network the chain
 * @param payer who paid, or null where it is not said
 * @param errorReason the code of the failure, or null
 * @param amount how much was settled, or null where it is not said
 * @param extensions protocol extensions by name. JSON as JDK types, immutable
 */
public record SettlementResponse(
    boolean success,
    String transaction,
    Network network,
    @Nullable Address payer,
    @Nullable String errorReason,
    @Nullable TokenAmount amount,
    Map<String, Object> extensions) {

  /** Copies the extensions. */
  public SettlementResponse {
    extensions = JsonValues.copyOf(extensions);
  }

  /** Creates a message without extensions. */
  public SettlementResponse(
      boolean success,
      String transaction,
      Network network,
      @Nullable Address payer,
      @Nullable String errorReason,
      @Nullable TokenAmount amount) {
    this(success, transaction, network, payer, errorReason, amount, Map.of());
  }

  /** Returns this message with these extensions. */
  public SettlementResponse withExtensions(Map<String, Object> newExtensions) {
    return new SettlementResponse(
        success, transaction, network, payer, errorReason, amount, newExtensions);
  }

  /** Returns the message about a payment that was settled. */
  public static SettlementResponse settled(Network network, Settlement.Settled settled) {
    return new SettlementResponse(
        true, settled.transaction(), network, settled.payer(), null, settled.amount());
  }

  /** Returns the message about a payment that was not settled, or not yet. */
  public static SettlementResponse unsettled(
      Network network, @Nullable Address payer, ErrorReason reason, @Nullable String transaction) {
    return new SettlementResponse(
        false, transaction == null ? "" : transaction, network, payer, reason.wireCode(), null);
  }
}
