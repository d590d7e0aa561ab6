// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.mpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptPaymentTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evm/charge | true",
        "evm/charge;q=1 | true",
        "EVM/Charge ; Q = 0.001 | true",
        "evm/charge;q=0 | false",
        "evm/charge;q=0.000 | false",
        "evm/charge; x=1; q=0. | false",
        "tempo/charge | false",
        "evm/session, tempo/charge;q=1 | false",
        "tempo/charge, evm/charge;q=0.1 | true",
        "*/* | true",
        "evm/* | true",
        "*/charge | true",
        "*/session | false",
        "*/*;q=0 | false",
        // what names it more closely counts
        "*/*, evm/charge;q=0 | false",
        "*/*;q=0, evm/charge | true",
        "evm/*;q=0, */* | false",
        "evm/charge;q=0, evm/charge | true",
        // what cannot be read says nothing
        "'' | true",
        "', ,;' | true",
        "evm | true",
        "/ | true",
        "evm/charge/x | true",
        "tempo/charge;q=high | false",
        "evm/charge;q=-0 | true",
        "evm/charge;q | true",
        "nonsense, evm/charge;q=0 | false",
      })
  void readsWhetherTheClientTakesAnEvmCharge(String header, boolean taken) {
    assertThat(AcceptPayment.takesEvmCharge(List.of(header))).isEqualTo(taken);
  }

  @Test
  void severalHeadersAreOne() {
    assertThat(AcceptPayment.takesEvmCharge(List.of())).isTrue();
    assertThat(AcceptPayment.takesEvmCharge(List.of("tempo/charge", "evm/charge"))).isTrue();
    assertThat(AcceptPayment.takesEvmCharge(List.of("*/*", "evm/charge;q=0"))).isFalse();
  }

  @Test
  void aLongHintIsNotRead() {
    String part = "tempo/charge,".repeat(50);
    assertThat(AcceptPayment.takesEvmCharge(List.of(part))).isFalse();
    assertThat(AcceptPayment.takesEvmCharge(List.of(part, part))).isTrue();
    assertThat(AcceptPayment.takesEvmCharge(List.of(part + part))).isTrue();
  }
}
