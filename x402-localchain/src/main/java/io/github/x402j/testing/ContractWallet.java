// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import org.web3j.abi.datatypes.Address;
import org.web3j.abi.datatypes.generated.Uint8;

/** Deploys {@code ContractWallet.sol}. */
final class ContractWallet {

  private ContractWallet() {}

  static String deploy(Operator operator, String owner, WalletBehaviour behaviour) {
    return operator.deploy(
        Artifact.load("ContractWallet")
            .deployment(new Address(owner), new Uint8(behaviour.code())));
  }
}
