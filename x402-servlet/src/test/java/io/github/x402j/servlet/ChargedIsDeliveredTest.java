// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.CENT;
import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import jakarta.servlet.AsyncContext;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be delivered is not charged, and what was charged arrives in full. */
class ChargedIsDeliveredTest {
  @RegisterExtension
  static final Webapps RUNNING = Webapps.onEachContainer(app -> app.handlers(handlers()));

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put("secret", (request, response) -> response.getOutputStream().print(SECRET + " end"));
    all.put(
        "flushed-page",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          response.getOutputStream().print("page ");
          response.flushBuffer();
          async.dispatch("/paid/secret");
        });
    all.put(
        "begun-page",
        (request, response) -> {
          AsyncContext async = request.startAsync();
          response.getOutputStream().print("page ");
          async.dispatch("/paid/secret");
        });
    all.put(
        "long-page",
        (request, response) -> {
          request.getRequestDispatcher("/paid/secret").include(request, response);
          response.getOutputStream().write(new byte[200_000]);
        });
    all.put(
        "public-page",
        (request, response) -> {
          request.getRequestDispatcher("/paid/secret").include(request, response);
          response.setHeader("Cache-Control", "public, max-age=60");
        });
    all.put(
        "trailers-fail",
        (request, response) -> {
          response.setTrailerFields(
              () -> {
                throw new IllegalStateException("the handler's own");
              });
          response.getOutputStream().print(SECRET);
        });
    all.put(
        "trailers-null",
        (request, response) -> {
          response.setTrailerFields(() -> null);
          response.getOutputStream().print(SECRET);
        });
    all.put(
        "trailers-split",
        (request, response) -> {
          response.setTrailerFields(() -> Map.of("X-Trailer", "a\r\nX-More: b"));
          response.getOutputStream().print(SECRET);
        });
    return all;
  }

  /** What a free page has sent already cannot become the response of a paid resource. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void sellsNothingOnAResponseThatIsSentAlready(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    String header = payer.header(app.port(), "/paid/secret");
    int before = app.runs("secret");
    Throwable broken =
        catchThrowable(
            () -> assertThat(app.get("/free/flushed-page", header).all()).doesNotContain(SECRET));
    assertThat(broken)
        .satisfiesAnyOf(
            t -> assertThat(t).isNull(), t -> assertThat(t).isInstanceOf(IOException.class));
    assertThat(app.runs("secret")).isEqualTo(before);
    assertThat(payer.balance()).isEqualTo(1_000_000);
    assertThat(app.get("/paid/secret", header).text()).isEqualTo(SECRET + " end");
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void arrivesInFullAfterWhatAFreePageWrote(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    TestPayer payer = RUNNING.market().payer();
    RawHttp.Response response =
        app.get("/free/begun-page", payer.header(app.port(), "/paid/secret"));
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.text()).isEqualTo("page " + SECRET + " end");
    assertThat(payer.balance()).isEqualTo(1_000_000 - CENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"trailers-fail", "trailers-null", "trailers-split"})
  void trailersThatCannotBeSentCostNothing(String name) throws IOException {
    for (PaidWebapp app : RUNNING.values()) {
      TestPayer payer = RUNNING.market().payer();
      RawHttp.Response response = app.pay(payer, "/paid/" + name);
      assertThat(response.status()).isEqualTo(500);
      assertThat(response.text()).contains("nothing was charged");
      assertThat(response.all()).doesNotContain(SECRET);
      assertThat(payer.balance()).isEqualTo(1_000_000);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT", "UNDERTOW"})
  void aPageThatCallsItselfPublicIsPrivateWithAPaidPart(Stack stack) throws IOException {
    RawHttp.Response response =
        RUNNING.get(stack).pay(RUNNING.market().payer(), "/free/public-page");
    assertThat(response.text()).isEqualTo(SECRET + " end");
    assertThat(response.header("Cache-Control")).isEqualTo("private, max-age=60");
  }

  /** A shared cache must not hand out what is paid for. Undertow takes no headers here. */
  @ParameterizedTest
  @EnumSource(names = {"JETTY", "TOMCAT"})
  void aLongPageWithAPaidPartIsPrivate(Stack stack) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response response = app.pay(RUNNING.market().payer(), "/free/long-page");
    assertThat(response.text()).startsWith(SECRET + " end");
    assertThat(response.header("PAYMENT-RESPONSE")).isNotNull();
    assertThat(response.header("Cache-Control")).isEqualTo("private");
    assertThat(response.headers("Vary")).hasSize(1);
  }
}
