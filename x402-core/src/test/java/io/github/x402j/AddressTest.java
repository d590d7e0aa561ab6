// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTest {
  /** The test cases of EIP-55 itself. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"
      })
  void writesTheChecksumOfEip55(String checksummed) {
    assertThat(Address.parse(checksummed).text()).isEqualTo(checksummed);
    assertThat(Address.parse(checksummed.toLowerCase(Locale.ROOT)).text()).isEqualTo(checksummed);
    String upperCase = "0x" + checksummed.substring(2).toUpperCase(Locale.ROOT);
    assertThat(Address.parse(upperCase).text()).isEqualTo(checksummed);
  }

  @Test
  void isEqualByItsBytesWhateverTheCase() {
    Address mixed = Address.parse("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
    Address lower = Address.parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed");

    assertThat(lower).isEqualTo(mixed).hasSameHashCodeAs(mixed);
    assertThat(lower).isNotEqualTo(Address.parse("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaee"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", // one letter in the wrong case
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee", // one digit mistyped
        "",
        "0x",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
        " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\n",
        "0x\u0665\u0665\u0665\u06655aaeb6053f3e94c9b9a09f33669435e7ef1b"
      })
  void refusesWhatIsNotAnAddressAndRepeatsNothingOfIt(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Address.parse(text))
        .satisfies(
            e ->
                assertThat(String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT))
                    .doesNotContain("5aaeb6"));
  }

  @Test
  void knowsTheZeroAddress() {
    assertThat(Address.parse("0x" + "0".repeat(40)).isZero()).isTrue();
    assertThat(Address.parse("0x" + "0".repeat(39) + "1").isZero()).isFalse();
  }
}
