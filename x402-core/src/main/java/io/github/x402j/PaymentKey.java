// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Locale;
import java.util.regex.Pattern;

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
  private static final Pattern BYTES_32 = Pattern.compile("0x[0-9a-fA-F]{64}");

  /** Checks and canonicalises the nonce. */
  public PaymentKey {
    if (!BYTES_32.matcher(nonce).matches()) {
      throw new IllegalArgumentException("nonce: expected 0x and 64 hex digits");
    }
    nonce = nonce.toLowerCase(Locale.ROOT);
  }
}
