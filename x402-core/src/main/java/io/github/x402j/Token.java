// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A token that can be paid with: its contract and the facts that signatures depend on.
 *
 * @param network the chain it lives on
 * @param contract its address there
 * @param decimals how many decimal digits one token has, 0 to 36; 6 for USDC
 * @param name the {@code name} of its EIP-712 domain, which need not be the name on its label
 * @param version the {@code version} of its EIP-712 domain
 * @param method how a signature moves it. {@link TransferMethod#PERMIT2} needs no name and version;
 *     both may be empty
 */
public record Token(
    Network network,
    Address contract,
    int decimals,
    String name,
    String version,
    TransferMethod method) {

  /** Checks what can be checked without asking the chain. */
  public Token {
    if (contract.isZero()) {
      throw new IllegalArgumentException("token contract: the zero address is no token");
    }
    if (decimals < 0 || decimals > 36) {
      throw new IllegalArgumentException("token decimals: expected 0 to 36, found " + decimals);
    }
    boolean isWithoutDomain =
        method == TransferMethod.PERMIT2 && name.isEmpty() && version.isEmpty();
    if (!isWithoutDomain && (isUnset(name) || isUnset(version))) {
      throw new IllegalArgumentException(
          "token name and version: both are needed, as DOMAIN_SEPARATOR() of the contract hashes"
              + " them");
    }
  }

  /** Returns a token that takes EIP-3009 authorizations, as USDC and EURC do. */
  public Token(Network network, Address contract, int decimals, String name, String version) {
    this(network, contract, decimals, name, version, TransferMethod.EIP_3009);
  }

  /**
   * Returns any ERC-20 token, paid by Permit2. The payer approves Permit2 once. A token that takes
   * a fee of its transfers is refused.
   *
   * @param decimals as {@code decimals()} of the contract says; compared with it at the start
   */
  public static Token erc20(Network network, Address contract, int decimals) {
    return new Token(network, contract, decimals, "", "", TransferMethod.PERMIT2);
  }

  /** Returns what {@code extra} of requirements says of it, in a fixed order. */
  public Map<String, Object> extra() {
    Map<String, Object> extra = new LinkedHashMap<>(); // one order, so that the text is the same
    if (method != TransferMethod.EIP_3009) {
      extra.put(TransferMethod.NAME, method.wireName());
    }
    if (hasDomain()) {
      extra.put("name", name);
      extra.put("version", version);
    }
    return extra;
  }

  /** Returns whether its EIP-712 domain is known. */
  public boolean hasDomain() {
    return !name.isEmpty();
  }

  private static boolean isUnset(@Nullable String text) {
    return text == null || text.isBlank();
  }
}
