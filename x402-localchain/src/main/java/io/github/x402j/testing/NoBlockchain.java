// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import java.lang.reflect.Proxy;
import org.hyperledger.besu.ethereum.chain.Blockchain;

/**
 * The blockchain that the EVM insists on being given and, for public transactions, never asks
 * anything.
 */
final class NoBlockchain {

  private NoBlockchain() {}

  static Blockchain create() {
    return (Blockchain)
        Proxy.newProxyInstance(
            NoBlockchain.class.getClassLoader(),
            new Class<?>[] {Blockchain.class},
            (proxy, method, arguments) -> {
              throw new UnsupportedOperationException(method.getName());
            });
  }
}
