// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import org.jspecify.annotations.Nullable;

/**
 * A way to pay on an EVM chain. A scheme is one file or few, and is registered in {@link
 * EvmSchemes#standard}; the facilitator, the settlement and the gate know none by name.
 *
 * <p>Implementations are safe for use by several threads.
 */
interface EvmScheme {

  /** Returns what stands in {@code scheme}. */
  String name();

  /** Returns whether payments for these requirements are this scheme's to read. */
  boolean covers(PaymentRequirements requirements);

  /**
   * Reads a payload. This is the only place where it is parsed.
   *
   * @throws MalformedPaymentException if it is not what the scheme defines
   */
  EvmPayment read(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException;

  /**
   * Compares what is offered with the contracts on the chain, once at start.
   *
   * @param chain null where no chain can be read; what is known without one is checked then
   * @throws IllegalStateException if such a payment could not be settled
   */
  void start(PaymentRequirements offered, @Nullable StartUpChecks chain);
}
