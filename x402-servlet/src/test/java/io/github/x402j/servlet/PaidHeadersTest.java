// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static io.github.x402j.servlet.PaidWebapp.SECRET;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What caches, browsers and proxies are told about paid resources. */
class PaidHeadersTest {
  private static final List<String> RESERVED =
      List.of(
          "PAYMENT-REQUIRED",
          "PAYMENT-RESPONSE",
          "PAYMENT-SIGNATURE",
          "X-PAYMENT",
          "X-PAYMENT-RESPONSE",
          "X-Payment-Required",
          "X-Payment-Receipt",
          "X-Payment-Receipt-Remaining",
          "X-Payment-Receipt-Covers",
          "X-Payment-Of-A-Later-Version");

  /** Shared caches that know one of these do not ask Cache-Control. */
  private static final List<String> TARGETED =
      List.of(
          "CDN-Cache-Control",
          "Cloudflare-CDN-Cache-Control",
          "Vercel-CDN-Cache-Control",
          "Netlify-CDN-Cache-Control",
          "Akamai-Cache-Control",
          "X-LiteSpeed-Cache-Control",
          "Surrogate-Control",
          "Fastly-Surrogate-Control",
          "Edge-Control",
          "X-Accel-Expires");

  @RegisterExtension
  static final Webapps RUNNING =
      Webapps.onEachContainer(app -> app.handlers(handlers()).site(PaidHeadersTest::cacheInFront));

  /** A filter of the webapp that lets a CDN keep all pages of some paths. */
  private static void cacheInFront(ServletContext context) {
    Filter filter =
        (request, response, chain) -> {
          if ("outer".equals(request.getParameter("cache"))) {
            TARGETED.forEach(
                name -> ((HttpServletResponse) response).setHeader(name, "max-age=600"));
          }
          chain.doFilter(request, response);
        };
    var registration = context.addFilter("cache", filter);
    registration.setAsyncSupported(true);
    registration.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
  }

  private static Map<String, Handlers.Handler> handlers() {
    Map<String, Handlers.Handler> all = new HashMap<>();
    all.put(
        "cached",
        (request, response) -> {
          String value = request.getParameter("say");
          if (value != null) {
            response.setHeader("Cache-Control", value);
          }
          response.getWriter().write(SECRET);
        });
    all.put(
        "targeted",
        (request, response) -> {
          for (String name : TARGETED) {
            response.setHeader(name, "public, max-age=600");
            response.addHeader(name.toLowerCase(Locale.ROOT), "s-maxage=600");
            response.addIntHeader(name, 600);
          }
          response.getWriter().write(SECRET);
        });
    all.put(
        "added",
        (request, response) -> {
          response.addHeader("Cache-Control", "no-store");
          response.addHeader("Cache-Control", "public, max-age=60");
          response.getWriter().write(SECRET);
        });
    all.put("headers", (request, response) -> setOurs(response));
    all.put(
        "trailers",
        (request, response) -> {
          response.setTrailerFields(
              () ->
                  Map.of(
                      "X-Checksum", "7", "PAYMENT-RESPONSE", "forged", "X-Payment-Of", "forged"));
          response.getWriter().write(SECRET);
        });
    all.put("every-reserved", (request, response) -> setEveryReserved(response));
    return all;
  }

  /** Every header of the protocol, requests' included, by every method that sets one. */
  private static void setEveryReserved(HttpServletResponse response) throws IOException {
    for (String name : RESERVED) {
      response.setHeader(name, "forged");
      response.addHeader(name.toLowerCase(Locale.ROOT), "forged");
      response.setIntHeader(name, 1234567);
      response.addIntHeader(name.toUpperCase(Locale.ROOT), 1234567);
      response.setDateHeader(name, 0);
      response.addDateHeader(name, 0);
    }
    response.getWriter().write(SECRET);
  }

  private static void setOurs(HttpServletResponse response) throws IOException {
    response.setHeader("Access-Control-Expose-Headers", "X-Data");
    response.setHeader("Vary", "Accept");
    response.setHeader("PAYMENT-RESPONSE", "forged");
    response.addHeader("Payment-Response", "forged");
    response.setIntHeader("PAYMENT-RESPONSE", 1);
    response.addDateHeader("PAYMENT-RESPONSE", 1);
    response.setHeader("PAYMENT-REQUIRED", "forged");
    response.setHeader("X-PAYMENT-RESPONSE", "forged");
    response.getWriter().write(SECRET);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -                                   | private
          public                              | private
          public,%20max-age=60                | private, max-age=60
          PUBLIC,%20s-maxage=600,max-age=60   | private, max-age=60
          max-age=60                          | private, max-age=60
          no-cache                            | private, no-cache
          private,%20max-age=60               | private, max-age=60
          no-store                            | no-store
          no-store,%20public                  | no-store
          """)
  void sharedCachesGetNothingPaid(String said, String sent) throws IOException {
    for (PaidWebapp app : RUNNING.values()) {
      TestPayer payer = RUNNING.market().payer();
      for (String path : List.of("/paid/cached", "/stream/cached")) {
        RawHttp.Response response = app.pay(payer, path + (said.equals("-") ? "" : "?say=" + said));
        assertThat(response.text()).isEqualTo(SECRET);
        assertThat(response.headers("Cache-Control")).as(path).containsExactly(sent);
      }
    }
  }

  /** By the handler or by a filter in front, of a paid response, a 402 and a free page. */
  @ParameterizedTest
  @MethodSource("paths")
  void sharedCachesWithAHeaderOfTheirOwnGetNothingPaidEither(Stack stack, String path)
      throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    for (String target : List.of(path + "targeted", path + "cached?cache=outer")) {
      RawHttp.Response paid = app.pay(RUNNING.market().payer(), target);
      assertThat(paid.text()).isEqualTo(SECRET);
      TARGETED.forEach(name -> assertKeepsNothing(paid, name));
    }
    RawHttp.Response refused = app.get(path + "cached?cache=outer");
    assertThat(refused.status()).isEqualTo(402);
    TARGETED.forEach(name -> assertKeepsNothing(refused, name));
    RawHttp.Response free = app.get("/free/targeted");
    assertThat(free.headers("CDN-Cache-Control").get(0)).isEqualTo("public, max-age=600");
    RawHttp.Response silent = app.pay(RUNNING.market().payer(), path + "cached");
    TARGETED.forEach(name -> assertThat(silent.headers(name)).as(name).isEmpty());
  }

  private static void assertKeepsNothing(RawHttp.Response response, String name) {
    String nothing = name.equals("X-Accel-Expires") ? "0" : "no-store";
    assertThat(response.headers(name)).as(name).containsExactly(nothing);
  }

  @ParameterizedTest
  @MethodSource("paths")
  void severalCachingHeadersAreOne(Stack stack, String path) throws IOException {
    RawHttp.Response response = RUNNING.get(stack).pay(RUNNING.market().payer(), path + "added");
    assertThat(String.join(", ", response.headers("Cache-Control")))
        .contains("no-store")
        .doesNotContain("public");
  }

  @ParameterizedTest
  @MethodSource("paths")
  void ourHeadersAreAppendedAndNotForged(Stack stack, String path) throws IOException {
    RawHttp.Response response = RUNNING.get(stack).pay(RUNNING.market().payer(), path + "headers");
    assertThat(response.text()).isEqualTo(SECRET);
    assertThat(list(response, "Access-Control-Expose-Headers"))
        .contains("x-data", "payment-required", "payment-response", "x-payment-response");
    assertThat(list(response, "Vary")).contains("accept", "payment-signature", "x-payment");
    assertThat(response.headers("PAYMENT-RESPONSE")).hasSize(1).allMatch(v -> v.startsWith("ey"));
    assertThat(response.head()).doesNotContain("forged");
    assertThat(response.header("Access-Control-Allow-Origin")).isNull();
  }

  @ParameterizedTest
  @MethodSource("paths")
  void aHandlerSetsNoHeaderOfTheProtocol(Stack stack, String path) throws IOException {
    PaidWebapp app = RUNNING.get(stack);
    RawHttp.Response response = app.pay(RUNNING.market().payer(), path + "every-reserved");
    assertThat(response.text()).isEqualTo(SECRET);
    assertThat(response.head()).doesNotContain("forged", "1234567", "1970");
    for (String name : RESERVED) {
      boolean isTheAnswer = name.equals("PAYMENT-RESPONSE");
      assertThat(response.headers(name)).as(name).hasSize(isTheAnswer ? 1 : 0);
    }
  }

  @ParameterizedTest
  @MethodSource("paths")
  void norATrailerOfThatName(Stack stack, String path) throws IOException {
    RawHttp.Response response = RUNNING.get(stack).pay(RUNNING.market().payer(), path + "trailers");
    assertThat(response.text()).isEqualTo(SECRET);
    assertThat(response.trailers().toLowerCase(Locale.ROOT)).contains("x-checksum: 7");
    assertThat(response.all()).doesNotContain("forged");
  }

  private static List<String> list(RawHttp.Response response, String name) {
    return response.headers(name).stream()
        .flatMap(value -> Arrays.stream(value.split(",")))
        .map(value -> value.strip().toLowerCase(Locale.ROOT))
        .toList();
  }

  static Stream<Arguments> paths() {
    return RUNNING.keySet().stream()
        .flatMap(s -> Stream.of("/paid/", "/stream/").map(path -> Arguments.of(s, path)));
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void theChallengeIsForNoCacheAndEveryOrigin(Stack stack) throws IOException {
    RawHttp.Response response =
        RUNNING
            .get(stack)
            .get(
                "/paid/cached",
                "Origin: https://evil.example",
                "X-Forwarded-Host: evil.example",
                "X-Forwarded-Proto: http",
                "X-Forwarded-Prefix: /evil",
                "Forwarded: host=evil.example;proto=http");
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.headers("Cache-Control")).containsExactly("no-store");
    assertThat(list(response, "Access-Control-Expose-Headers")).contains("payment-required");
    assertThat(response.header("Access-Control-Allow-Origin")).isNull();
    assertThat(response.header("Access-Control-Allow-Credentials")).isNull();
    assertThat(TestPayer.required(response).resource().url())
        .isEqualTo(Market.PUBLIC_URL + "/paid/cached");
    assertThat(response.text()).contains(Market.PUBLIC_URL).doesNotContain("evil");
  }

  @ParameterizedTest
  @MethodSource("stacks")
  void theUrlOfAnAttackerIsNotReflected(Stack stack) throws IOException {
    RawHttp.Response response =
        RUNNING.get(stack).get("/paid/%3Cscript%3Ealert(1)%3C/script%3E?x=%3Cscript%3E");
    assertThat(response.status()).isEqualTo(402);
    assertThat(response.text()).doesNotContain("<script");
    assertThat(response.header("Content-Type")).startsWith("application/json");
  }

  static Stream<Stack> stacks() {
    return RUNNING.keySet().stream();
  }
}
