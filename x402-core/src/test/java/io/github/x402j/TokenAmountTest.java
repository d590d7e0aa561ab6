// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenAmountTest {
  private static final BigInteger MAX = BigInteger.TWO.pow(256).subtract(BigInteger.ONE);

  @Test
  void takesZeroToTheLargestUint256() {
    assertThat(TokenAmount.parse("0").isZero()).isTrue();
    assertThat(TokenAmount.parse(MAX.toString()).atomicUnits()).isEqualTo(MAX);
    assertThat(TokenAmount.parse("10000")).hasToString("10000").isEqualTo(TokenAmount.of(10000));
  }

  @Test
  void refusesOneMoreThanTheLargest() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TokenAmount.parse(MAX.add(BigInteger.ONE).toString()));
    assertThatIllegalArgumentException().isThrownBy(() -> TokenAmount.of(-1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "+5", "-0", "-1", "007", "00", "1.0", "1e4", "0x10", "1_000", "1,000", " 1", "1 ",
        "\u0665", "1\u0660", "\uff11", "1\n", "NaN"
      })
  void refusesEverythingButPlainDigits(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> TokenAmount.parse(text));
  }

  @Test
  void isOrderedByValue() {
    assertThat(TokenAmount.of(9)).isLessThan(TokenAmount.of(10));
    assertThat(TokenAmount.of(10)).isEqualByComparingTo(TokenAmount.of(10));
  }
}
