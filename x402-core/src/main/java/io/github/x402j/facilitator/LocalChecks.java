// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.facilitator;

import io.github.x402j.Address;
import io.github.x402j.Facilitator;
import io.github.x402j.FacilitatorException;
import io.github.x402j.MalformedPaymentException;
import io.github.x402j.PaymentPayload;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.SignedPayment;
import io.github.x402j.Verification;
import io.github.x402j.WalletSignatures;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a seller finds out by itself about a payment that a remote facilitator settles: whether the
 * terms and the signature hold, and, where it can read the chain, what became of it.
 *
 * <p>{@code EvmLocalChecks} in {@code io.github.x402j.evm} is the implementation for {@code exact}
 * on EVM chains. Implementations are safe for use by several threads.
 */
public interface LocalChecks {
  /**
   * Checks the configuration as far as it can be known, once, before the first request.
   *
   * @throws IllegalStateException if a payment in one of these ways could not be checked; the
   *     message names the setting
   */
  void start(List<PaymentRequirements> offered);

  /**
   * Checks terms, window and signature, as {@link Facilitator#check} does. What a valid payment
   * holds afterwards is what was checked and nothing else: unknown members are gone from its
   * payload.
   *
   * @throws MalformedPaymentException if the payload is not what its scheme defines
   * @throws FacilitatorException if a contract wallet could not be asked
   */
  Verification check(PaymentPayload payload, PaymentRequirements requirements)
      throws MalformedPaymentException, FacilitatorException;

  /**
   * Returns what checks signatures that are no payments, as {@link Facilitator#wallets} does.
   * Default: none is good.
   */
  default WalletSignatures wallets() {
    return WalletSignatures.NONE;
  }

  /**
   * Reads from the chain what became of the payment; sends nothing.
   *
   * @param transactions the hashes that were told, oldest first
   * @param others accounts that settle for others, too: what they sent counts for this payment only
   *     if it is one of the given transactions
   * @return the outcome as it stands now, {@code Pending} while nothing has happened; empty if the
   *     chain of this payment cannot be read here
   * @throws FacilitatorException if the chain does not answer
   */
  Optional<Settlement> outcome(
      SignedPayment payment, List<String> transactions, Set<Address> others)
      throws FacilitatorException;
}
