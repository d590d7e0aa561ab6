// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j;

import static io.github.x402j.gate.Sale.OFFER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.x402j.gate.Sale;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PaymentRequirementsTest {
  static Stream<PaymentRequirements> differences() {
    return Stream.of(
        with("Exact", OFFER.network(), OFFER.amount(), OFFER.asset(), OFFER.payTo(), 60),
        with("exact", Network.BASE, OFFER.amount(), OFFER.asset(), OFFER.payTo(), 60),
        with("exact", OFFER.network(), TokenAmount.of(1), OFFER.asset(), OFFER.payTo(), 60),
        with("exact", OFFER.network(), OFFER.amount(), OFFER.payTo(), OFFER.payTo(), 60),
        with("exact", OFFER.network(), OFFER.amount(), OFFER.asset(), OFFER.asset(), 60),
        with("exact", OFFER.network(), OFFER.amount(), OFFER.asset(), OFFER.payTo(), 61),
        extra(Map.of()),
        extra(Map.of("name", "USDC")),
        extra(Map.of("name", "USDC", "version", 2)),
        extra(Map.of("name", "USD Coin", "version", "2")),
        extra(Map.of("name", "USDC", "version", "2", "assetTransferMethod", "permit2")));
  }

  private static PaymentRequirements with(
      String scheme, Network network, TokenAmount amount, Address asset, Address payTo, long secs) {
    return new PaymentRequirements(
        scheme, network, amount, asset, payTo, Duration.ofSeconds(secs), OFFER.extra());
  }

  private static PaymentRequirements extra(Map<String, Object> extra) {
    return new PaymentRequirements(
        "exact",
        OFFER.network(),
        OFFER.amount(),
        OFFER.asset(),
        OFFER.payTo(),
        OFFER.maxTimeout(),
        extra);
  }

  @ParameterizedTest
  @MethodSource("differences")
  void differsWhenAnyFieldDoes(PaymentRequirements other) {
    assertThat(other).isNotEqualTo(OFFER);
  }

  @Test
  void isEqualWhateverTheOrderOfExtraAndTheCaseOfAddresses() {
    Map<String, Object> turned = new LinkedHashMap<>();
    turned.put("version", "2");
    turned.put("name", "USDC");

    assertThat(
            new PaymentRequirements(
                "exact",
                OFFER.network(),
                OFFER.amount(),
                Address.parse(OFFER.asset().lowerCase()),
                Address.parse(OFFER.payTo().lowerCase()),
                OFFER.maxTimeout(),
                turned))
        .isEqualTo(OFFER);
  }

  @Test
  void doesNotChangeWhenItsMakerChangesTheMapLater() {
    List<Object> list = new ArrayList<>(List.of("a"));
    Map<String, Object> mutable = new HashMap<>(Map.of("list", list));
    PaymentRequirements made = extra(mutable);
    list.add("b");
    mutable.put("more", "c");

    assertThat(made.extra()).isEqualTo(Map.of("list", List.of("a")));
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> made.extra().put("x", "y"));
  }

  @Test
  void keepsJsonAsJdkTypesAndTellsOneKindOfWholeNumberOnly() {
    Map<String, Object> copy =
        JsonValues.copyOf(
            Map.of("i", 1, "l", 1L, "b", BigInteger.TEN, "d", BigDecimal.ONE, "t", true));

    assertThat(copy.get("i")).isEqualTo(1L).isEqualTo(copy.get("l"));
    assertThatIllegalArgumentException().isThrownBy(() -> JsonValues.copyOf(Map.of("x", 1.5d)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonValues.copyOf(Map.of("x", Map.of("y", new Object()))))
        .withMessageContaining("/x/y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT0.5S", "PT1.5S", "PT-1S"})
  void refusesATimeoutThatIsNoWholeSeconds(Duration timeout) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> PaymentRequirements.exact(Usdc.BASE, TokenAmount.of(1), Sale.PAY_TO, timeout))
        .withMessageContaining("maxTimeoutSeconds");
  }

  @Test
  void refusesToOfferForNothingOrToNobody() {
    Duration minute = Duration.ofMinutes(1);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> PaymentRequirements.exact(Usdc.BASE, TokenAmount.of(0), Sale.PAY_TO, minute))
        .withMessageContaining("amount");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PaymentRequirements.exact(
                    Usdc.BASE, TokenAmount.of(1), Address.parse("0x" + "0".repeat(40)), minute))
        .withMessageContaining("payTo");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PaymentRequired.of(ResourceInfo.of(Sale.URL), List.of()))
        .withMessageContaining("accepts");
  }

  @Test
  void aKeyIsTheSameHoweverItsNonceIsWritten() {
    PaymentKey lower =
        new PaymentKey(OFFER.network(), OFFER.asset(), OFFER.payTo(), "0x" + "ab".repeat(32));

    assertThat(
            new PaymentKey(OFFER.network(), OFFER.asset(), OFFER.payTo(), "0x" + "AB".repeat(32)))
        .isEqualTo(lower);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new PaymentKey(
                    OFFER.network(), OFFER.asset(), OFFER.payTo(), "0x" + "ab".repeat(31)));
  }
}
