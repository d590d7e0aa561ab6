// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client;

/**
 * Asks a person whether a payment may be made.
 *
 * <p>Called before anything is signed, on a thread of the wrapped client's executor, by several
 * threads at once; it may take its time, and no lock is held meanwhile. What it throws goes to the
 * caller of the client, and nothing is paid.
 */
@FunctionalInterface
public interface PaymentApproval {
  /** Returns whether the payment may be made, once. */
  boolean approves(ProposedPayment payment);
}
