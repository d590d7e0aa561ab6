// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.x402j.gate.Sale;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonValuesTest {
  static Stream<Object> fives() {
    return Stream.of(5, 5L, BigInteger.valueOf(5), new BigDecimal("5"), new BigDecimal("5.0"));
  }

  @ParameterizedTest
  @MethodSource("fives")
  void knowsOneFiveWhateverItsType(Object five) {
    assertThat(JsonValues.copyOf(Map.of("x", five))).isEqualTo(Map.of("x", 5L));
    assertThat(JsonValues.copyOf(Map.of("x", List.of(Map.of("y", five)))))
        .isEqualTo(Map.of("x", List.of(Map.of("y", 5L))));
  }

  @Test
  void tellsNumbersOfDifferentValueApart() {
    assertThat(
            Stream.of(
                    5,
                    6,
                    new BigDecimal("5.5"),
                    BigInteger.TWO.pow(64),
                    BigInteger.TWO.pow(64).add(BigInteger.valueOf(5)),
                    "5")
                .map(value -> JsonValues.copyOf(Map.of("x", value))))
        .doesNotHaveDuplicates();
    assertThat(JsonValues.copyOf(Map.of("x", new BigDecimal("1E+2"))))
        .isEqualTo(JsonValues.copyOf(Map.of("x", 100)));
    assertThat(JsonValues.copyOf(Map.of("x", new BigDecimal("1.50"))))
        .isEqualTo(JsonValues.copyOf(Map.of("x", new BigDecimal("1.5"))));
  }

  /** What is offered comes back as JSON text, and must equal the offer then. */
  @ParameterizedTest
  @MethodSource("numbers")
  void isStillEqualWhenItComesBackFromTheClient(Object number) throws Exception {
    Map<String, Object> extra = new HashMap<>(Sale.OFFER.extra());
    extra.put("n", number);
    PaymentRequirements offer =
        new PaymentRequirements(
            "exact",
            Sale.OFFER.network(),
            Sale.OFFER.amount(),
            Sale.OFFER.asset(),
            Sale.OFFER.payTo(),
            Sale.OFFER.maxTimeout(),
            extra);
    String header = PaymentCodec.encodePayload(PaymentPayload.v2(offer, Map.of()));

    assertThat(PaymentCodec.decodePayload(header, 2).accepted()).isEqualTo(offer);
  }

  static Stream<Object> numbers() {
    return Stream.concat(
        fives(),
        Stream.of(
            0,
            -1,
            new BigDecimal("0.00"),
            new BigDecimal("1.50"),
            new BigDecimal("100"),
            new BigDecimal("1E+2"),
            new BigDecimal("0.0000001"),
            BigInteger.TWO.pow(70),
            Long.MAX_VALUE,
            BigInteger.valueOf(Long.MIN_VALUE)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1E+2147483647", "1E-2147483647", "10E+2147483647", "1E+101"})
  void makesNoLongNumberOfAShortText(String text) {
    Object copy = JsonValues.copyOf(Map.of("x", new BigDecimal(text))).get("x");

    assertThat(copy).isInstanceOf(BigDecimal.class);
    assertThat(copy.toString()).hasSizeLessThan(20);
  }

  @Test
  void copiesAllTheWayDown() {
    List<Object> list = new ArrayList<>(List.of("a"));
    Map<String, Object> inner = new HashMap<>(Map.of("list", list));
    Map<String, Object> copy = JsonValues.copyOf(Map.of("inner", inner));
    list.add("b");
    inner.put("more", "c");

    assertThat(copy).isEqualTo(Map.of("inner", Map.of("list", List.of("a"))));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> ((Map<?, ?>) copy.get("inner")).clear());
  }

  @Test
  void refusesWhatJsonHasNoTypeForAndSaysWhere() {
    Map<String, Object> withNull = new HashMap<>();
    withNull.put("y", null);
    for (Object bad : List.of(1.5d, 1.5f, 'c', new byte[0], new Object(), withNull)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> JsonValues.copyOf(Map.of("x", List.of(bad))))
          .withMessageContaining("/x[]");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonValues.copyOf(Map.of("x", Collections.singletonList(null))))
        .withMessageContaining("/x[]");
  }
}
