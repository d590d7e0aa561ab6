// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.Price;
import io.github.x402j.servlet.RouteSettings.Pricing;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a rule says, and that it cannot be changed. */
class RouteTest {
  @Test
  void everySettingReturnsAnotherRule() {
    Route route = Route.of("/a");
    RouteSettings before = route.settings();
    route.price("$0.01");
    route.free();
    route.description("d");
    route.mimeType("text/plain");
    route.maxTimeout(Duration.ofSeconds(30));
    route.settleFirst();
    route.deliverErrors(ErrorDelivery.ALL);
    route.bufferLimit(5);
    route.pass(Duration.ofMinutes(1));
    route.methods("GET");
    assertThat(route.settings()).isEqualTo(before).isEqualTo(RouteSettings.NONE);
    assertThat(route.methods()).isEmpty();
  }

  @Test
  void keepsWhatWasSaidBefore() {
    RouteSettings settings =
        Route.get("/a")
            .price("$0.01")
            .description("d")
            .mimeType("text/plain")
            .maxTimeout(Duration.ofSeconds(30))
            .settleFirst()
            .deliverErrors(ErrorDelivery.ALL)
            .bufferLimit(5)
            .pass(Duration.ofMinutes(1), 3)
            .passGroup("g")
            .settings();
    assertThat(settings.pricing()).isEqualTo(new Pricing.Fixed(Price.parse("$0.01")));
    assertThat(settings.description()).isEqualTo("d");
    assertThat(settings.mimeType()).isEqualTo("text/plain");
    assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.settlesFirst()).isTrue();
    assertThat(settings.errors()).isEqualTo(ErrorDelivery.ALL);
    assertThat(settings.limit()).isEqualTo(5);
    assertThat(settings.pass()).isEqualTo(new PassTerms(Duration.ofMinutes(1), 3L, "g"));
  }

  @Test
  void theLastPriceCounts() {
    Route route = Route.of("/a").price("$0.01");
    assertThat(route.free().isFree()).isTrue();
    assertThat(route.free().price("$0.02").isFree()).isFalse();
    assertThat(route.price(request -> Price.parse("$0.03")).settings().pricing())
        .isInstanceOf(Pricing.PerRequest.class);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, GET, true",
    "GET, HEAD, true",
    "GET, get, true",
    "GET, head, true",
    "GET, POST, false",
    "HEAD, HEAD, true",
    "HEAD, GET, false",
    "post, POST, true"
  })
  void aRuleForGetCoversHead(String named, String asked, boolean covered) {
    assertThat(Route.of("/a").methods(named).covers(asked)).isEqualTo(covered);
  }

  @Test
  void aRuleWithoutMethodsCoversThemAll() {
    assertThat(Route.of("/a").covers("FOO")).isTrue();
    assertThat(Route.of("/a").methods()).isEmpty();
  }

  @Test
  void aMistakeNamesTheRule() {
    Route route = Route.of("/a");
    assertThatThrownBy(() -> route.methods(new String[0])).hasMessageContaining("route /a");
    assertThatThrownBy(() -> route.methods("G E T")).hasMessageContaining("route /a");
    assertThatThrownBy(() -> route.price("0.01")).hasMessageContaining("route /a");
    assertThatThrownBy(() -> route.bufferLimit(0)).hasMessageContaining("route /a");
    assertThatThrownBy(() -> route.maxTimeout(Duration.ofSeconds(9)))
        .hasMessageContaining("maxTimeout");
  }

  @Test
  void saysItsMethodsAndPattern() {
    assertThat(Route.of("/a/{b}").methods("post", "GET")).hasToString("GET,POST /a/{b}");
    assertThat(Route.of("/a/*").pattern()).isEqualTo("/a/*");
  }
}
