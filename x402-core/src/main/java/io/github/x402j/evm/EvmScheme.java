// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import org.jspecify.annotations.Nullable;

/**
 * A way to pay on an EVM chain. It reads a payload into an {@link EvmPayment}, which has the checks
 * and the transfer. An {@link EvmPayment.Proof} reads from the chain whether the payment was made.
 *
 * <p>A scheme is registered in {@link EvmSchemes#standard}. The facilitator, the settlement and the
 * gate name no scheme.
 *
 * <p>Implementations are safe for use by several threads.
 */
interface EvmScheme {

  /** Returns the value of {@code scheme}. */
  String name();

  /** Returns whether this scheme reads payments for these requirements. */
  boolean covers(PaymentRequirements requirements);

  /**
   * Reads a payload. This is the only place where it is parsed.
   *
   * @throws MalformedPaymentException if it is not what the scheme defines
   */
  EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException;

  /**
   * Compares an offer with the contracts on the chain, once at the start.
   *
   * @param chain the chain of {@code offered.network()}, or null if no chain can be read; then the
   *     scheme makes the checks that need none
   * @throws IllegalStateException if a payment for this offer could not be settled
   * @throws FacilitatorException if the chain does not answer
   */
  void start(PaymentRequirements offered, @Nullable Chain chain) throws FacilitatorException;
}
