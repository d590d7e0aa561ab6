// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.evm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.Address;
import io.github.x402j.FacilitatorException;
import io.github.x402j.testing.TestChain;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several calls in one, on a local chain or the node of {@code -Dx402.rpc}. */
class MulticallTest {
  private static Chain.Call combined(List<Chain.Call> calls) {
    return Chain.Call.latest(Multicall.ADDRESS, Multicall.data(calls));
  }

  @Test
  void makesEachCallAloneAndTellsWhatEachReturned() throws Exception {
    assertThat(Multicall.ADDRESS.text()).isEqualTo(TestChain.MULTICALL);
    try (Shop shop = Shop.open()) {
      Chain.Call three =
          Chain.Call.latest(shop.token.contract(), Eip3009.balanceOf(payer(shop, 3)));
      Chain.Call none = Chain.Call.latest(shop.token.contract(), "0xdeadbeef");
      Chain.Call five = Chain.Call.latest(shop.token.contract(), Eip3009.balanceOf(payer(shop, 5)));

      List<Chain.CallResult> results =
          Multicall.results(shop.rpc.call(List.of(combined(List.of(three, none, five)))).get(0), 3);

      assertThat(OnChainToken.number(results.get(0), "balanceOf")).isEqualTo(BigInteger.valueOf(3));
      assertThat(results.get(1)).isInstanceOf(Chain.CallResult.Reverted.class);
      assertThat(OnChainToken.number(results.get(2), "balanceOf")).isEqualTo(BigInteger.valueOf(5));
      assertThat(Multicall.results(shop.rpc.call(List.of(combined(List.of()))).get(0), 0))
          .isEmpty();

      shop.chain.placeCode(TestChain.MULTICALL, "0x");
      assertThat(shop.rpc.hasCode(Multicall.ADDRESS)).isFalse();
    }
  }

  private static Address payer(Shop shop, long units) {
    return Address.parse(shop.payer(units).address());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 64, 66, 128, 130, 192, 256, 258, 320})
  void takesNoResultThatIsCutOff(int digits) {
    List<String> words = new ArrayList<>();
    for (long word : new long[] {32, 1, 32, 1, 64, 32, 7}) {
      words.add(Hex.word(BigInteger.valueOf(word)));
    }
    String whole = "0x" + String.join("", words);
    assertThat(whole).hasSize(2 + 7 * 64);
    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(
            () ->
                Multicall.results(
                    new Chain.CallResult.Returned(whole.substring(0, 2 + digits)), 1));
    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(() -> Multicall.results(new Chain.CallResult.Returned(whole), 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void takesNoResultWithAHugeNumber(int which) {
    List<String> words = new ArrayList<>();
    for (long word : new long[] {32, 1, 32, 1, 64, 32, 7}) {
      words.add(Hex.word(BigInteger.valueOf(word)));
    }
    words.set(which, "f".repeat(64));
    String whole = "0x" + String.join("", words);
    assertThatExceptionOfType(FacilitatorException.class)
        .isThrownBy(() -> Multicall.results(new Chain.CallResult.Returned(whole), 1));
  }
}
