// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.testing.Faults;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A webapp that starts while its node is away. */
class StartWithoutNodeTest {
  @RegisterExtension static final Market MARKET = new Market();

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void freeRoutesWorkAndPricedOnesOpenWhenTheNodeComesBack(Stack stack) throws IOException {
    ClockAhead clock = new ClockAhead();
    MARKET.chain.faults().drop(Faults.ANY_METHOD);
    try (PaidWebapp app =
        PaidWebapp.on(stack, MARKET)
            .filter(builder -> builder.startWithoutNode().clock(clock))
            .handlers(Map.of("page", (request, response) -> response.getWriter().write("page")))
            .start()) {
      assertThat(app.get("/free/page").text()).isEqualTo("page");
      RawHttp.Response closed = app.get("/paid/page");
      assertThat(closed.status()).isEqualTo(503);
      assertThat(closed.header("Retry-After")).isNotNull();
      assertThat(closed.header("PAYMENT-REQUIRED")).isNull();

      MARKET.chain.faults().clear();
      clock.goOn(Duration.ofSeconds(6));
      assertThat(app.get("/paid/page").status()).isEqualTo(402);
      assertThat(app.pay(MARKET.payer(), "/paid/page").text()).isEqualTo("page");
      assertThat(app.runs("page")).isEqualTo(2);
    } finally {
      MARKET.chain.faults().clear();
    }
  }
}
