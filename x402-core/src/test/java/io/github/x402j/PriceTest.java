// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PriceTest {
  @ParameterizedTest
  @CsvSource({
    "$0.01, 10000",
    "$1, 1000000",
    "$1.5, 1500000",
    "$1.50, 1500000",
    "$0.000001, 1",
    "$0.0000010, 1",
    "$999999999999999, 999999999999999000000"
  })
  void isExactInAtomicUnits(String text, BigInteger units) {
    assertThat(Price.parse(text).in(Usdc.BASE).atomicUnits()).isEqualTo(units);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.01", "1", "$-1", "-$1", "$+1", "$1e-2", "$1E2", "$0", "$0.0", "$0.000000000", "$1,000",
        "$.5", "$5.", "$", "", " $1", "$1 ", "$ 1", "$01", "$1.0.0", "$\u0661", "$1.\u0660\u0661",
        "$NaN", "$Infinity", "$0x1", "\u20ac1", "$1000000000000000", "$1\n"
      })
  void refusesEverythingButADollarSignAndAPositiveDecimal(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Price.parse(text));
  }

  @Test
  void refusesMoreDigitsThanTheTokenHasAndNamesThem() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Price.parse("$0.0000001").in(Usdc.BASE))
        .withMessageContaining("7 decimal digits")
        .withMessageContaining("only 6");
  }

  @Test
  void takesAPriceWithAsManyDigitsAsTheTokenHas() {
    Token coarse = new Token(Network.BASE, Usdc.BASE.contract(), 2, "Cents", "1");

    assertThat(Price.parse("$1.25").in(coarse)).isEqualTo(TokenAmount.of(125));
    assertThatIllegalArgumentException().isThrownBy(() -> Price.parse("$1.255").in(coarse));
  }

  @Test
  void isEqualByValue() {
    assertThat(Price.parse("$1.50")).isEqualTo(Price.parse("$1.5")).hasToString("$1.5");
    assertThat(Price.parse("$100")).hasToString("$100");
  }
}
