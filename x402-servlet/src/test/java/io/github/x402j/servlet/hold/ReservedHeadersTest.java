// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet.hold;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which headers no handler sets. */
class ReservedHeadersTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "PAYMENT-REQUIRED",
        "payment-response",
        "Payment-Signature",
        "X-Payment",
        "x-payment-response",
        "X-PAYMENT-RECEIPT-COVERS",
        "X-Payment-Of-A-Later-Version",
        "Transfer-Encoding"
      })
  void thoseOfTheProtocolAndOfTheFraming(String name) {
    assertThat(ReservedHeaders.contains(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "PAYMENT", "X-Payments", "Payment-Method", "Content-Length", "Vary"})
  void noOthers(String name) {
    assertThat(ReservedHeaders.contains(name)).isFalse();
  }

  @Test
  void areStrippedFromTrailers() {
    assertThat(ReservedHeaders.strip(Map.of("X-Sum", "1", "payment-response", "forged")))
        .containsOnly(Map.entry("X-Sum", "1"));
  }
}
