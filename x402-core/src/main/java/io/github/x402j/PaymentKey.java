// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * What makes an authorization the same one however it is written: the key under which a ledger
 * remembers its use.
 *
 * @param network the chain
 * @param asset the token's contract
 * @param payer who signed
 * @param nonce {@code 0x} and 64 hex digits; kept in lower case
 */
public record PaymentKey(Network network, Address asset, Address payer, String nonce) {
  /** Checks and canonicalises the nonce. */
  public PaymentKey {
    nonce = Bytes32.parse("nonce", nonce).text();
  }
}
