// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.simulation;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.evm.EvmSigner;
import io.github.x402j.testing.InProcessChain;
import io.github.x402j.testing.TestWallet;
import java.util.ArrayList;
import java.util.List;

/** What runs share one after the other: a chain that goes back to its beginning, and keys. */
final class Stage {
  static final int GAS_ACCOUNTS = 6;
  static final int MERCHANTS = 2;

  /** Who pays. The first two are clients of ours, one with a cent is among the last. */
  static final int PAYERS = 6;

  static final int RICH_PAYERS = 5;
  static final long CENT = 10_000;
  private static final long RICH = 1_000_000_000;

  /** States of a chain are kept for ever: after so many runs another begins. */
  private static final int RUNS = 250;

  final VirtualTime time = new VirtualTime();
  final List<EvmSigner> gas = new ArrayList<>();
  final List<Address> merchants = new ArrayList<>();
  final List<EvmSigner> payers = new ArrayList<>();
  final TestWallet stranger = wallet(99);
  InProcessChain chain;
  Token token;
  boolean servesTwice;
  private Object beginning;
  private int runs;

  Stage() {
    for (int i = 0; i < GAS_ACCOUNTS; i++) {
      gas.add(EvmSigner.ofPrivateKey(wallet(10 + i).privateKey()));
    }
    for (int i = 0; i < MERCHANTS; i++) {
      merchants.add(Address.parse(wallet(20 + i).address()));
    }
    for (int i = 0; i < PAYERS; i++) {
      payers.add(EvmSigner.ofPrivateKey(wallet(30 + i).privateKey()));
    }
    build();
  }

  private static TestWallet wallet(int number) {
    return TestWallet.of("%064x".formatted(0x402_0000L + number));
  }

  private void build() {
    time.reset();
    chain = InProcessChain.start(time);
    gas.forEach(account -> chain.fund(account.address().text()));
    chain.fund(stranger.address());
    for (int i = 0; i < PAYERS; i++) {
      chain.usdc().mint(payers.get(i).address().text(), i < RICH_PAYERS ? RICH : CENT);
    }
    chain.mine();
    chain.mine();
    beginning = chain.snapshot();
    token =
        new Token(
            new Network(84532),
            Address.parse(chain.usdc().address()),
            6,
            chain.usdc().name(),
            chain.usdc().version());
    runs = 0;
  }

  /** Goes back to the beginning. */
  void reset() {
    if (++runs > RUNS) {
      build();
    }
    time.reset();
    chain.revertTo(beginning);
  }
}
