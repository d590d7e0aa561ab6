// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.x402j.PaymentRequired;
import io.github.x402j.Price;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A payer comes back by the signature of its wallet, through real containers and a real chain. */
class SignInTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(
          app ->
              app.handlers(
                      Map.of(
                          "secret",
                          (request, response) -> {
                            response.setHeader("Cache-Control", "public, max-age=600");
                            response
                                .getWriter()
                                .write(SECRET + " " + Payments.grantOf(request).orElse("paid"));
                          },
                          "fails",
                          (request, response) -> response.sendError(500)))
                  .routes(
                      Route.get("/paid/{what}").price("$0.01").signIn(HOUR),
                      Route.get("/stream/{what}").price("$0.01").settleFirst().signIn(HOUR),
                      Route.get("/dear/{what}").price("$0.05"))
                  .filter(filter -> filter.signInStatement("Welcome back")));

  static Stream<Arguments> targets() {
    return RUNNING.keySet().stream()
        .flatMap(
            stack ->
                Stream.of("/paid/secret", "/paid/secret?x=1", "/stream/secret")
                    .map(target -> Arguments.of(stack, target)));
  }

  private static String signIn(PaidWebapp app, TestPayer payer, String target) throws IOException {
    return payer.signIn(app.get(target));
  }

  @ParameterizedTest
  @MethodSource("targets")
  void a_payer_that_has_paid_gets_it_again_in_private(Stack stack, String target)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response unpaid = app.get(target, signIn(app, payer, target));
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.all()).doesNotContain(SECRET);

    assertThat(app.pay(payer, target).text()).isEqualTo(SECRET + " paid");
    String header = signIn(app, payer, target);
    RawHttp.Response again = app.get(target, header);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.text()).isEqualTo(SECRET + " sign-in-with-x");
    assertThat(again.header("Cache-Control")).contains("private").doesNotContain("public");
    assertThat(again.header("PAYMENT-RESPONSE")).isNull();
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);

    RawHttp.Response replayed = app.get(target, header);
    assertThat(replayed.status()).isEqualTo(402);
    assertThat(replayed.all()).doesNotContain(SECRET);
    PaymentRequired refused = TestPayer.required(replayed);
    assertThat(refused.error()).isEqualTo("invalid_siwx_nonce");
    assertThat(app.get(target, payer.signIn(replayed)).status()).isEqualTo(200);
  }

  static Stream<Arguments> stacks() {
    return RUNNING.keySet().stream().map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void it_opens_what_was_bought_and_nothing_beside_it(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    app.pay(payer, "/paid/secret");
    for (String other : new String[] {"/paid/fails", "/paid/secret?x=2", "/stream/secret"}) {
      assertThat(app.get(other, signIn(app, payer, other)).status()).as(other).isEqualTo(402);
    }
    String stolen = signIn(app, payer, "/paid/secret");
    assertThat(app.get("/dear/secret", stolen).status()).isEqualTo(402);
    TestPayer other = RUNNING.market().payer();
    assertThat(app.get("/paid/secret", signIn(app, other, "/paid/secret")).status()).isEqualTo(402);
    assertThat(app.request("HEAD", "/paid/secret", stolen).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void what_was_not_charged_opens_nothing(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    assertThat(app.pay(payer, "/paid/fails").status()).isEqualTo(500);
    assertThat(app.get("/paid/fails", signIn(app, payer, "/paid/fails")).status()).isEqualTo(402);
    assertThat(payer.balance()).isEqualTo(1_000_000);
  }

  @Test
  void a_price_that_could_buy_less_than_it_opens_fails_the_start() {
    for (Route route :
        new Route[] {
          Route.get("/a").price(request -> Price.parse("$0.01")).signIn(HOUR),
          Route.get("/a").pricedByHandler().signIn(HOUR),
          Route.get("/a").free().signIn(HOUR)
        }) {
      assertThatThrownBy(() -> PaymentFilter.builder().routes(route))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("signIn needs a fixed price");
    }
    for (Duration time :
        new Duration[] {Duration.ZERO, Duration.ofMillis(1500), Duration.ofDays(367)}) {
      assertThatThrownBy(() -> Route.get("/a").signIn(time))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("signIn");
    }
  }
}
