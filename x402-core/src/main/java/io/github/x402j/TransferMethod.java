// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import java.util.Arrays;
import java.util.Optional;

/**
 * How a signature moves a token in the scheme {@code exact} on EVM chains: {@code
 * extra.assetTransferMethod} (specification {@code scheme_exact_evm}).
 */
public enum TransferMethod {
  /** The token itself takes the payer's authorization. It is meant where no method is named. */
  EIP_3009("eip3009"),
  /** The contract Permit2 moves any ERC-20 token, after the payer has approved it once. */
  PERMIT2("permit2");

  /** The member of {@code extra} that names it. */
  static final String NAME = "assetTransferMethod";

  private final String wireName;

  TransferMethod(String wireName) {
    this.wireName = wireName;
  }

  /** Returns its name in messages. */
  public String wireName() {
    return wireName;
  }

  /** Returns the method that these requirements name, empty if it is not known here. */
  public static Optional<TransferMethod> of(PaymentRequirements requirements) {
    Object name = requirements.extra().getOrDefault(NAME, EIP_3009.wireName);
    return Arrays.stream(values()).filter(method -> method.wireName.equals(name)).findFirst();
  }
}
