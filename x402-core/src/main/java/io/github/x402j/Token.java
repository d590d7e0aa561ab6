// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import org.jspecify.annotations.Nullable;

/**
 * A token that can be paid with: an EIP-3009 contract and the facts that its signatures depend on.
 *
 * @param network the chain it lives on
 * @param contract its address there
 * @param decimals how many decimal digits one token has, 0 to 36; 6 for USDC
 * @param name the {@code name} of its EIP-712 domain, which need not be the name on its label
 * @param version the {@code version} of its EIP-712 domain
 */
public record Token(Network network, Address contract, int decimals, String name, String version) {

  /** Checks what can be checked without asking the chain. */
  public Token {
    if (contract.isZero()) {
      throw new IllegalArgumentException("token contract: the zero address is no token");
    }
    if (decimals < 0 || decimals > 36) {
      throw new IllegalArgumentException("token decimals: expected 0 to 36, found " + decimals);
    }
    if (isUnset(name) || isUnset(version)) {
      throw new IllegalArgumentException(
          "token name and version: both are needed, as DOMAIN_SEPARATOR() of the contract hashes"
              + " them");
    }
  }

  private static boolean isUnset(@Nullable String text) {
    return text == null || text.isBlank();
  }
}
