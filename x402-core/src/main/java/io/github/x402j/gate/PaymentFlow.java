// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

/** In which order a sale settles and runs its handler (specification 6.1, {@code paymentFlow}). */
public enum PaymentFlow {
  /** Verify, run the handler with its output held, settle, deliver. */
  AUTHORIZATION,
  /** Settle, then run the handler, whose output goes straight to the client. */
  UPFRONT
}
