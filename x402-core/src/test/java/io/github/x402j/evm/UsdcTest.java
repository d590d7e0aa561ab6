// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.Network;
import io.github.x402j.Token;
import io.github.x402j.Usdc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The deployments that are built in. */
class UsdcTest {
  @ParameterizedTest
  @CsvSource({
    "8453, 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913, USD Coin",
    "84532, 0x036CbD53842c5426634e7929541eC2318f3dCF7e, USDC",
    "137, 0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359, USD Coin",
    "42161, 0xaf88d065e77c8cC2239327C5EDb3A432268e5831, USD Coin",
    "421614, 0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d, USD Coin",
    "143, 0x754704Bc059F8C67012fEd69BC8A327a5aafb603, USD Coin"
  })
  void isKnownOn(long chainId, String contract, String name) {
    Network network = new Network(chainId);
    assertThat(Usdc.on(network))
        .contains(new Token(network, Address.parse(contract), 6, name, "2"));
  }

  @Test
  void isKnownNowhereElse() {
    assertThat(Usdc.all()).hasSize(6);
    assertThat(Usdc.on(new Network(31337))).isEmpty();
  }

  /** As the contracts say themselves. */
  @Test
  void signsInTheDomainsOfItsContracts() {
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE)))
        .isEqualTo("0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f");
    assertThat(Hex.text(Eip712.domainSeparator(Usdc.BASE_SEPOLIA)))
        .isEqualTo("0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818");
  }
}
