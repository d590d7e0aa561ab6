// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

/** How a contract wallet answers when it is asked, by EIP-1271, whether a signature is good. */
public enum WalletBehaviour {
  /** Approves what its owner signed, and nothing else. */
  HONEST(0),
  /** Approves every signature of every digest. */
  APPROVES_ANYTHING(1),
  /** Reverts. */
  REVERTS(2),
  /** Computes until the gas is used up. */
  BURNS_ALL_GAS(3),
  /** Succeeds with an empty answer. */
  RETURNS_NOTHING(4);

  private final int code;

  WalletBehaviour(int code) {
    this.code = code;
  }

  /** Returns the number that the contract knows it by. */
  int code() {
    return code;
  }
}
