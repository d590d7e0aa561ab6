// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.github.x402j.Facilitator;
import io.github.x402j.Price;
import io.github.x402j.Usdc;
import io.github.x402j.gate.Challenge;
import io.github.x402j.gate.PaymentGate;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a request costs, and what the descriptors of a rule are made of. */
class PriceListTest {
  private static final AcceptedToken TOKEN =
      AcceptedToken.of(Usdc.BASE, "0x209693Bc6afc0C5328bA36FaF03C514EF312287C");

  private final HttpServletRequest request = mock(HttpServletRequest.class);

  PriceListTest() {
    when(request.getMethod()).thenReturn("GET");
  }

  private static PriceList of(List<AcceptedToken> accepted, Route... rules) {
    return new PriceList(
        PaymentGate.builder().facilitator(mock(Facilitator.class)).build(),
        accepted,
        Duration.ofSeconds(60),
        List.of(PublicUrl.parse("https://shop.example")),
        HeaderLimit.of(HeaderLimit.DEFAULT, HeaderLimit.DEFAULT_REQUEST),
        PriceList.Service.UNNAMED,
        Routes.of(List.of(rules)));
  }

  private String found(PriceList prices, String path) {
    return prices
        .find(CanonicalPath.parse(path), PathRules.strict(), request)
        .map(match -> match.priced().route() + " for " + match.path())
        .orElse("free");
  }

  @Test
  void aDirectoryCostsWhatTheDearestOfItsFilesDoes() {
    PriceList prices =
        of(
            List.of(TOKEN),
            Route.of("/d").price("$0.01"),
            Route.of("/d/index.html").price("$0.03"),
            Route.of("/d/index.jsp").price("$0.02"));

    assertThat(found(prices, "/d")).isEqualTo("/d for /d");
    assertThat(found(prices, "/d/")).isEqualTo("/d/index.html for /d/index.html");
    assertThat(found(prices, "/e/")).isEqualTo("free");
  }

  @Test
  void aPriceFunctionThatFailsIsTheDearest() {
    Route failing =
        Route.of("/d/index.htm")
            .price(
                asked -> {
                  throw new IllegalStateException("no price");
                });
    PriceList prices = of(List.of(TOKEN), Route.of("/d").price("$1000000"), failing);

    assertThat(found(prices, "/d/")).isEqualTo("/d/index.htm for /d/index.htm");
  }

  @Test
  void aRuleWithTokensOfItsOwnNeedsNoOthers() {
    Route own = Route.of("/a").price("$0.01").accept(Usdc.BASE_SEPOLIA, TOKEN.payTo().toString());

    assertThat(of(List.of(TOKEN), own).checkedAtStart(false))
        .allMatch(way -> way.network().equals(Usdc.BASE_SEPOLIA.network()))
        .hasSize(1);
    assertThatThrownBy(() -> of(List.of(), Route.of("/a").price("$0.01")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("route /a");
  }

  @Test
  void aFixedPriceHasOneDescriptorAndADynamicOneIsAskedEachTime() {
    PriceList prices =
        of(
            List.of(TOKEN),
            Route.of("/fixed").price("$0.01"),
            Route.of("/dynamic").price(asked -> Price.parse("$0." + asked.getQueryString())));
    when(request.getQueryString()).thenReturn("25");
    PriceList.PricedRoute fixed = priced(prices, "/fixed");
    PriceList.PricedRoute dynamic = priced(prices, "/dynamic");

    assertThat(fixed.challenge(request, "/fixed")).isSameAs(fixed.challenge(request, "/fixed"));
    assertThat(dynamic.options(request).get(0).amount()).hasToString("250000");
    assertThat(dynamic.challenge(request, "/dynamic").required().resource().url())
        .isEqualTo("https://shop.example/dynamic");
  }

  @Test
  void aDiscoverableRouteOfOnePathHasOneDescriptorForEachMethod() {
    PriceList prices = of(List.of(TOKEN), Route.of("/fixed").price("$0.01").discoverable());
    PriceList.PricedRoute fixed = priced(prices, "/fixed");
    Challenge get = fixed.challenge(request, "/fixed");

    assertThat(get.required().extensions()).containsOnlyKeys("bazaar");
    assertThat(fixed.challenge(request, "/fixed")).isSameAs(get);
    when(request.getMethod()).thenReturn("HEAD");
    assertThat(fixed.challenge(request, "/fixed")).isSameAs(get);
    when(request.getMethod()).thenReturn("POST");
    assertThat(fixed.challenge(request, "/fixed"))
        .isNotSameAs(get)
        .isSameAs(fixed.challenge(request, "/fixed"));
    when(request.getMethod()).thenReturn("PROPFIND");
    assertThat(fixed.challenge(request, "/fixed").required().extensions()).isEmpty();
  }

  private PriceList.PricedRoute priced(PriceList prices, String path) {
    return prices
        .find(CanonicalPath.parse(path), PathRules.strict(), request)
        .orElseThrow()
        .priced();
  }
}
