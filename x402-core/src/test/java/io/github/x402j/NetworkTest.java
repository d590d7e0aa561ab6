// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Field;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
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
    "stable-testnet, 2201",
    "skale-base-sepolia, 324705682",
    "celo, 42220",
    "flare, 14"
  })
  void hasTheNamesOfVersion1(String name, long chainId) {
    assertThat(Network.ofV1Name(name)).contains(new Network(chainId));
    assertThat(new Network(chainId).v1Name()).contains(name);
    assertThat(Network.named(name)).isEqualTo(new Network(chainId));
  }

  @ParameterizedTest
  @ValueSource(strings = {"arbitrum", "arbitrum-sepolia", "celo-sepolia", "xdc", "adi", "hpp"})
  void knowsMoreNamesThanVersion1(String name) {
    assertThat(Network.named(name).shortName()).contains(name);
    assertThat(Network.named(name).v1Name()).isEmpty();
    assertThat(Network.ofV1Name(name)).isEmpty();
  }

  @Test
  void hasOneNameEachAndAnExplorer() {
    assertThat(Network.known()).hasSize(36).doesNotHaveDuplicates();
    assertThat(Network.known().stream().map(Network::shortName)).doesNotHaveDuplicates();
    assertThat(Network.known().stream().map(Network::displayName)).doesNotHaveDuplicates();
    assertThat(Network.known())
        .allSatisfy(
            network ->
                assertThat(network.explorer().orElseThrow().toString())
                    .matches("https://[a-z0-9.-]+[a-z]"));
  }

  /** Every constant is in the table, and the other way round. */
  @Test
  void constantsAreTheKnownNetworks() throws Exception {
    List<Network> constants = new ArrayList<>();
    for (Field field : Network.class.getFields()) {
      constants.add((Network) field.get(null));
    }
    assertThat(constants).containsExactlyInAnyOrderElementsOf(Network.known());
  }

  @ParameterizedTest
  @CsvSource({
    "8453, Base, https://basescan.org/tx/0x",
    "42161, Arbitrum One, https://arbiscan.io/tx/0x",
    "14, Flare, https://flare-explorer.flare.network/tx/0x"
  })
  void showsATransactionToPeople(long chainId, String name, String page) {
    Network network = new Network(chainId);
    assertThat(network.displayName()).contains(name);
    assertThat(network.transactionPage("0x" + "12".repeat(32)))
        .contains(URI.create(page + "12".repeat(32)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> network.transactionPage("0x12/../../evil"));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "Base", "base ", "arbitrum-one", "eip155:0", "solana"})
  void refusesANameThatItDoesNotKnow(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Network.named(text))
        .withMessage("expected eip155:8453, or a name such as base or base-sepolia");
  }

  @Test
  void hasNoNameInVersion1ForAPrivateChain() {
    assertThat(new Network(31337).v1Name()).isEmpty();
    assertThat(Network.ofV1Name("Base")).isEmpty();
    assertThat(Network.ofV1Name("eip155:8453")).isEmpty();
    assertThat(new Network(31337).displayName()).isEmpty();
    assertThat(new Network(31337).explorer()).isEmpty();
    assertThat(Network.named("eip155:31337")).isEqualTo(new Network(31337));
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
