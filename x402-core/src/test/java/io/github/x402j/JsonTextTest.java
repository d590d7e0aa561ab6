// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
  @Test
  void writesTheCanonicalForm() {
    assertThat(
            JsonText.canonical(
                Map.of(
                    "\u20ac", "Euro Sign",
                    "\r", "Carriage Return",
                    "\ufb33", "Hebrew Letter Dalet With Dagesh",
                    "1", List.of(1L, -1, true, Map.of(), List.of()),
                    "\ud83d\ude00", "Emoji",
                    "\u0080", "Control",
                    "\u00f6", "\u000f\n\"\\/<")))
        .isEqualTo(
            "{\"\\r\":\"Carriage Return\",\"1\":[1,-1,true,{},[]],\"\u0080\":\"Control\","
                + "\"\u00f6\":\"\\u000f\\n\\\"\\\\/<\",\"\u20ac\":\"Euro Sign\","
                + "\"\ud83d\ude00\":\"Emoji\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}");
  }

  static Stream<Object> others() {
    return Stream.of(1.5, new BigDecimal("1.5"), (1L << 53), -(1L << 53), 'c', "\ud83d");
  }

  @ParameterizedTest
  @MethodSource("others")
  void refusesWhatHasNoCanonicalFormHere(Object value) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonText.canonical(Map.of("name", List.of(value))));
  }

  @Test
  void readsWhatItWrites() throws Exception {
    Map<String, Object> object =
        Map.of("a", List.of(1L, Map.of("b", "\u00f6\n")), "c", true, "d", "");
    assertThat(JsonText.decode(JsonText.encode(object))).isEqualTo(object);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "!", "W10", "eyJhIjoxLCJhIjoyfQ", "e30gMQ", "gYGB"})
  void readsStrictly(String base64) {
    assertThatThrownBy(() -> JsonText.decode(base64)).isInstanceOf(MalformedPaymentException.class);
  }

  @Test
  void isBounded() {
    assertThatThrownBy(() -> JsonText.decode("A".repeat(PaymentCodec.MAX_HEADER_LENGTH + 1)))
        .hasMessageContaining("longer than");
  }
}
