// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.web3j.utils.Numeric;

class TestWalletTest {

  private static final String KEY =
      "0x21d4e7570632d7da7481662de00e5694552407b60ea100e42cc61e5fd082719b";

  @Test
  void knowsItsAddressInItsChecksummedSpelling() {
    assertThat(TestWallet.of(KEY).address())
        .isEqualTo("0xF39A6529eB45b057b44e76829657bD074A70123B");
  }

  @Test
  void givesItsKeyBackWithLeadingZeros() {
    String key = "0x" + "0".repeat(60) + "beef";
    assertThat(TestWallet.of(key).privateKey()).isEqualTo(key);
    assertThat(TestWallet.of(key.substring(2)).privateKey()).isEqualTo(key);
  }

  @Test
  void keepsItsKeyOutOfItsText() {
    TestWallet wallet = TestWallet.of(KEY);
    assertThat(wallet.toString()).contains(wallet.address()).doesNotContain(KEY.substring(2, 20));
  }

  @Test
  void signsWithLowSAndAVOf27Or28() {
    byte[] digest = new byte[32];
    for (int i = 0; i < 50; i++) {
      digest[0] = (byte) i;
      byte[] signature = Numeric.hexStringToByteArray(TestWallet.random().signDigest(digest));
      assertThat(signature).hasSize(65);
      assertThat(signature[64]).isIn((byte) 27, (byte) 28);
      assertThat(signature[32]).as("first byte of s").isNotNegative();
    }
  }

  @Test
  void signsDigestsOnly() {
    assertThatThrownBy(() -> TestWallet.random().signDigest(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("31");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0x1",
        "0x0000000000000000000000000000000000000000000000000000000000000000",
        "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        "0xzz00000000000000000000000000000000000000000000000000000000000001"
      })
  void refusesWhatIsNoKey(String key) {
    assertThatThrownBy(() -> TestWallet.of(key)).isInstanceOf(IllegalArgumentException.class);
  }
}
