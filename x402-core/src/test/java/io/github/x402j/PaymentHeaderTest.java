// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.x402j.gate.Sale;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Only spaces and tabs may stand around the value of a header. */
class PaymentHeaderTest {
  private static final String GOOD = PaymentCodec.encodePayload(Sale.v2(1));

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t", " \t \t"})
  void trimsSpacesAndTabs(String padding) throws Exception {
    assertThat(PaymentHeader.read(Sale.headers("PAYMENT-SIGNATURE", padding + GOOD + padding)))
        .isPresent();
    assertThat(PaymentHeader.read(Sale.headers("PAYMENT-SIGNATURE", padding))).isEmpty();
  }

  /** What {@code trim}, {@code strip} or {@code isBlank} would take. */
  @TestFactory
  List<DynamicTest> trimsNothingElse() {
    return IntStream.rangeClosed(0, 0xffff)
        .filter(c -> c != ' ' && c != '\t')
        .filter(c -> c < ' ' || Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x7f)
        .mapToObj(
            c ->
                DynamicTest.dynamicTest(
                    String.format("U+%04X", c), () -> refuses(String.valueOf((char) c))))
        .toList();
  }

  private static void refuses(String padding) {
    for (String value : List.of(padding + GOOD, GOOD + padding, padding, " " + padding)) {
      for (String name : List.of("PAYMENT-SIGNATURE", "X-PAYMENT")) {
        assertThatExceptionOfType(MalformedPaymentException.class)
            .isThrownBy(() -> PaymentHeader.read(Sale.headers(name, value)));
      }
    }
  }
}
