// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

/**
 * Says whether a wallet has signed something that is no payment, such as a sign-in. A {@link
 * Facilitator} has one, as it knows the chain. Implementations are safe for use by several threads.
 */
public interface WalletSignatures {
  /** Knows no signature. */
  WalletSignatures NONE =
      new WalletSignatures() {
        @Override
        public boolean isOfAccount(Address account, byte[] digest, String signature) {
          return false;
        }
      };

  /**
   * Returns whether the key of this account made the signature. Uses no network.
   *
   * @param digest the 32 bytes that were signed
   * @param signature {@code 0x} and hex digits; anything else is no signature
   */
  boolean isOfAccount(Address account, byte[] digest, String signature);

  /** Returns whether contracts on this network can be asked. Default: false. */
  default boolean asksContracts(Network network) {
    return false;
  }

  /**
   * Returns whether the contract at this address accepts the signature (EIP-1271). It asks a node.
   * Default: false.
   *
   * @param digest the 32 bytes that were signed
   * @param signature {@code 0x} and hex digits; anything else is no signature
   * @throws FacilitatorException if the node does not answer, or is asked too often
   */
  default boolean isOfContract(Network network, Address contract, byte[] digest, String signature)
      throws FacilitatorException {
    return false;
  }
}
