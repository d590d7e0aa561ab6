// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.extension;

import io.github.x402j.Address;

/**
 * A payment under the name that its payer gave it.
 *
 * @param payer who pays, by a signature that was checked
 * @param id the name, which belongs to the payer
 * @param binding a hash of the payment as it came, of the request that it pays for, and of what the
 *     payer proves itself with. An answer goes only to who can repeat all of that
 */
public record NamedPayment(Address payer, String id, String binding) {

  /** Does not show the name: who knows it is nearer to the answer. */
  @Override
  public String toString() {
    return "NamedPayment[payer=" + payer + "]";
  }
}
