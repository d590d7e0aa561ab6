// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.x402j.Address;
import io.github.x402j.Extension;
import io.github.x402j.Network;
import io.github.x402j.PaymentCodec;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The challenge of a rule for a URL says what one says that was made for this URL alone. */
class RefusalTemplateTest {
  private static Challenge challenge(PaymentRequired required, boolean olderHeader) {
    SettleableOffers everything = new SettleableOffers(new Facilitators(List.of()));
    return Challenge.of(required, null, olderHeader, everything);
  }

  private static final Address PAY_TO = Address.parse("0x209693Bc6afc0C5328bA36FaF03C514EF312287C");
  private static final Token UNNAMED_IN_VERSION_1 =
      new Token(new Network(1337), Usdc.BASE.contract(), 6, "USDC", "2");

  private static PaymentRequired required(String url, Token... tokens) {
    List<PaymentRequirements> accepts =
        List.of(tokens).stream()
            .map(
                token ->
                    PaymentRequirements.exact(
                        token, TokenAmount.of(10_000), PAY_TO, Duration.ofMinutes(1)))
            .toList();
    ResourceInfo resource = new ResourceInfo(url, "a \"report\" at https://a.example/", "text/csv");
    return PaymentRequired.of(resource, accepts)
        .withExtension(
            "payment-identifier", Extension.of(Map.of("required", true), Map.of("type", "object")));
  }

  private static void isSame(String url, boolean olderHeader, Token... tokens) {
    Challenge rule = challenge(required("https://a.example/", tokens), olderHeader);
    Challenge alone = challenge(required(url, tokens), olderHeader);
    Challenge same = rule.at(url);
    assertThat(same.refusal()).isEqualTo(alone.refusal());
    assertThat(same.required()).isEqualTo(alone.required());
    assertThat(same.unsigned()).isEqualTo(alone.unsigned());
    assertThat(rule.at("https://b.example/").at(url).refusal()).isEqualTo(alone.refusal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://a.example/report/7",
        "https://a.example/report/a%20b%C3%A9/$&'()*+,;=:@-._~!",
        "https://a.example/$1\\u0041",
        "https://a.example/\"quoted\"",
        "https://a.example/\u00e9\ud83d\ude00\u0001\u007f\t",
        "https://a.example/report at https://a.example/"
      })
  void a_url_stands_in_the_402_of_its_rule_as_in_one_of_its_own(String url) {
    isSame(url, false, Usdc.BASE);
    isSame(url, true, Usdc.BASE, UNNAMED_IN_VERSION_1, Usdc.POLYGON);
    isSame(url, true, UNNAMED_IN_VERSION_1);
  }

  @ParameterizedTest
  @CsvSource({"5000, true", "7000, false"})
  void a_header_that_is_too_long_is_refused_in_either(int length, boolean fits) {
    String url = "https://a.example/" + "x".repeat(length);
    Challenge rule = challenge(required("https://a.example/", Usdc.BASE), false);
    Challenge alone = challenge(required(url, Usdc.BASE), false);
    for (Challenge each : List.of(alone, rule.at(url))) {
      assertThat(catchThrowable(each::refusal) instanceof IllegalArgumentException)
          .isEqualTo(!fits);
    }
  }

  /** Counts the 402s. */
  private static final class Counting implements ExtensionPerRequest {
    private final String name;
    private int count;

    Counting(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Extension entry(PaymentRequired descriptor) {
      String url = descriptor.resource().url();
      return Extension.of(Map.of("count", ++count, "at", url + "\"{"), Map.of("type", "object"));
    }

    @Override
    public Set<String> freshMembers() {
      return Set.of("count");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://a.example/report/7", "https://a.example/\"quoted\""})
  void an_entry_is_made_for_each_402_and_the_rest_stays(String url) throws Exception {
    Challenge rule =
        challenge(required("https://a.example/", Usdc.BASE, UNNAMED_IN_VERSION_1), true)
            .with(List.of(new Counting("first"), new Counting("payment-identifier")));
    Challenge at = rule.at(url);
    PaymentRequired before = null;
    for (int i = 0; i < 3; i++) {
      Refusal refusal = at.refusal();
      PaymentRequired told = PaymentCodec.decodeRequired(refusal.headers().get("PAYMENT-REQUIRED"));
      assertThat(refusal.headers().get("X-Payment-Required"))
          .isEqualTo(refusal.headers().get("PAYMENT-REQUIRED"));
      assertThat(told.resource().url()).isEqualTo(url);
      for (String name : List.of("first", "payment-identifier")) {
        assertThat(told.extensions().get(name).toString()).contains(url + "\"{", "count=");
      }
      assertThat(told.accepts()).isEqualTo(at.unsigned().accepts());
      assertThat(told).isNotEqualTo(before);
      before = told;
    }
    assertThat(at.required().extensions().keySet()).contains("first", "payment-identifier");
    assertThat(at.unsigned().extensions().toString()).doesNotContain("count");
    assertThat(at.announced().extensions().toString()).contains("at=").doesNotContain("count");
  }

  @Test
  void a_402_without_such_an_entry_is_encoded_once() {
    Challenge rule = challenge(required("https://a.example/", Usdc.BASE), false);
    assertThat(rule.refusal()).isSameAs(rule.refusal());
  }
}
