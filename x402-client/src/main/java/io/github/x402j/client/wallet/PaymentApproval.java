// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.client.wallet;

/**
 * Asks a person whether a payment may be made. Meant to be implemented.
 *
 * <p>It is called before anything is signed, on a thread of the wrapped client's executor, by
 * several threads at once. It may block; no lock is held meanwhile. What it throws goes to the
 * caller of the client, and nothing is paid.
 */
@FunctionalInterface
public interface PaymentApproval {
  /** Returns whether this one payment may be made. */
  boolean approves(ProposedPayment payment);
}
