// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTest {
  @ParameterizedTest
  @CsvSource({
    "base, 8453",
    "base-sepolia, 84532",
    "avalanche, 43114",
    "avalanche-fuji, 43113",
    "polygon, 137",
    "polygon-amoy, 80002",
    "sei, 1329",
    "sei-testnet, 1328",
    "iotex, 4689",
    "peaq, 3338",
    "abstract, 2741",
    "abstract-testnet, 11124",
    "ethereum, 1",
    "sepolia, 11155111",
    "story, 1514",
    "educhain, 41923",
    "monad, 143",
    "megaeth, 4326",
    "stable, 988",
    "stable-testnet, 2201"
  })
  void hasTheNamesOfVersion1(String name, long chainId) {
    assertThat(Network.ofV1Name(name)).contains(new Network(chainId));
    assertThat(new Network(chainId).v1Name()).contains(name);
  }

  @Test
  void hasNoNameInVersion1ForAPrivateChain() {
    assertThat(new Network(31337).v1Name()).isEmpty();
    assertThat(Network.ofV1Name("Base")).isEmpty();
    assertThat(Network.ofV1Name("eip155:8453")).isEmpty();
  }

  @Test
  void isWrittenAsInCaip2() {
    assertThat(Network.parse("eip155:8453")).isEqualTo(Network.BASE).hasToString("eip155:8453");
    assertThat(Network.parse("eip155:999999999999999999").chainId()).isEqualTo(999999999999999999L);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "base",
        "8453",
        "eip155:",
        "eip155:0",
        "eip155:08453",
        "eip155:-1",
        "EIP155:8453",
        "eip155:8453 ",
        "eip155:0x1",
        "eip155:1e3",
        "solana:mainnet",
        "eip155:\u0661",
        "eip155:1\n",
        "eip155:9999999999999999999"
      })
  void refusesWhatIsNotACaip2IdOfAnEvmChain(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Network.parse(text));
  }

  @Test
  void refusesAChainIdBelowOne() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Network(0));
  }
}
