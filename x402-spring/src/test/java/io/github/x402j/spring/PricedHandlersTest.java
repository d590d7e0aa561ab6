// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.gate.SalesBook;
import io.github.x402j.servlet.PaymentFilter;
import io.github.x402j.spring.Shop.Reply;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Annotated handlers on every container: unpaid, paid, and not charged for. */
class PricedHandlersTest {
  private static final Map<Container, Shop> SHOPS = new EnumMap<>(Container.class);
  private static final boolean CHARGED = true;
  private static final boolean NOT_CHARGED = false;

  @BeforeAll
  static void start() {
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("spring.mvc.hiddenmethod.filter.enabled", "true");
    properties.put("spring.mvc.problemdetails.enabled", "true");
    properties.put("price", "$0.02");
    properties.put("x402.publish-offers", "true");
    properties.put("spring.servlet.multipart.max-file-size", "30MB");
    properties.put("spring.servlet.multipart.max-request-size", "30MB");
    Container.ofThisBoot()
        .forEach(
            each -> SHOPS.put(each, Shop.start(each, properties, Controllers.Application.class)));
  }

  @AfterAll
  static void stop() {
    SHOPS.values().forEach(Shop::close);
  }

  private static Stream<Arguments> onEach(List<Arguments> cases) {
    return Container.ofThisBoot()
        .flatMap(
            container ->
                cases.stream()
                    .map(
                        each -> {
                          List<Object> all = new ArrayList<>(List.of(container));
                          all.addAll(List.of(each.get()));
                          return Arguments.of(all.toArray());
                        }));
  }

  static Stream<Arguments> sold() {
    return onEach(
        List.of(
            Arguments.of("/rest/body", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/entity", 10_000, 201, "{\"is\":\"sold\"}", CHARGED),
            Arguments.of("/rest/json", 10_000, 200, "[\"sold\"]", CHARGED),
            Arguments.of("/rest/listed/SF?days=2", 10_000, 200, "[\"sold\"]", CHARGED),
            Arguments.of("/rest/callable", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/rising", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/rising-first", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/deferred", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/future", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/emitter", 10_000, 200, "sold twice", CHARGED),
            Arguments.of("/rest/sse", 10_000, 200, "data:sold\n\ndata: twice\n\n", CHARGED),
            Arguments.of("/rest/placeholder", 20_000, 200, "sold", CHARGED),
            Arguments.of("/rest/expression", 20_000, 200, "sold", CHARGED),
            Arguments.of("/rest/expression?depth=full", 50_000, 200, "sold", CHARGED),
            Arguments.of("/rest/bean?q=abc", 30_000, 200, "sold", CHARGED),
            Arguments.of("/rest/while-handling", 40_000, 200, "sold", CHARGED),
            Arguments.of("/rest/composed", 20_000, 200, "sold", CHARGED),
            Arguments.of("/pages/view", 10_000, 200, "view sold", CHARGED),
            Arguments.of("/pages/forward", 10_000, 200, "free", CHARGED),
            Arguments.of("/pages/to-priced", 10_000, 200, "sold", CHARGED),
            Arguments.of("/pages/redirect", 10_000, 302, "", CHARGED),
            Arguments.of("/inherits", 10_000, 200, "sold", CHARGED),
            Arguments.of("/implements", 10_000, 200, "sold", CHARGED),
            Arguments.of("/class/all", 30_000, 200, "sold", CHARGED),
            Arguments.of("/class/own", 10_000, 200, "sold", CHARGED),
            Arguments.of("/rest/advice", 10_000, 422, "{\"advice\":\"sold\"}", NOT_CHARGED),
            Arguments.of("/rest/future-fails", 10_000, 422, "{\"advice\":\"async\"}", NOT_CHARGED),
            Arguments.of("/rest/status", 10_000, 404, "\"detail\":\"sold\"", NOT_CHARGED),
            Arguments.of("/rest/problem", 10_000, 409, "\"detail\":\"sold\"", NOT_CHARGED),
            Arguments.of("/rest/fails", 10_000, 500, "handler_failed", NOT_CHARGED)));
  }

  @ParameterizedTest
  @MethodSource("sold")
  void aPricedHandlerRunsWhenItIsPaidFor(
      Container container, String path, long price, int status, String body, boolean charged) {
    Shop shop = SHOPS.get(container);
    int runs = Controllers.RUNS.get();

    Reply unpaid = shop.get(path);
    assertThat(unpaid.status()).as(unpaid.toString()).isEqualTo(402);
    assertThat(unpaid.required().accepts().get(0).amount()).hasToString(Long.toString(price));
    assertThat(unpaid.body()).doesNotContain("sold");
    assertThat(Controllers.RUNS.get()).isEqualTo(runs);

    Reply paid = shop.pay(path);
    assertThat(paid.status()).as(paid.toString()).isEqualTo(status);
    assertThat(paid.body()).contains(body);
    assertThat(paid.isSettled()).as(paid.toString()).isEqualTo(charged);
    if (status == 500) {
      assertThat(paid.body()).doesNotContain("sold");
    }
  }

  static Stream<Container> containers() {
    return Container.ofThisBoot();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void aDiscoverableHandlerSaysHowItIsCalledAndIsListed(Container container) {
    Shop shop = SHOPS.get(container);
    Map<String, Object> entry = shop.get("/rest/listed/SF").required().extensions();
    assertThat(entry.toString())
        .contains("routeTemplate=/rest/listed/:city", "pathParams={city=SF}", "method=GET")
        .contains("queryParams={days=3}", "example=[sold]");
    assertThat(shop.get("/rest/body").required().extensions()).isEmpty();
    assertThat(shop.get("/.well-known/x402").body())
        .contains("/rest/listed/:city")
        .doesNotContain("/rest/body");
  }

  static Stream<Arguments> webapps() {
    return onEach(
        List.of(
            Arguments.of("GET", "/rest/none", "", 404),
            Arguments.of("POST", "/rest/body", "", 405),
            Arguments.of("GET", "/rest/json", "Accept: application/xml", 406),
            Arguments.of("POST", "/rest/post", "Content-Type: text/plain", 415),
            Arguments.of("POST", "/class/free", "", 200)));
  }

  @ParameterizedTest
  @MethodSource("webapps")
  void whatNoPricedHandlerIsForStaysTheWebapps(
      Container container, String method, String path, String header, int status) {
    Shop shop = SHOPS.get(container);
    HttpRequest.Builder request = shop.request(path);
    request.method(method, HttpRequest.BodyPublishers.ofString("a=1"));
    if (method.equals("GET")) {
      request.GET();
    }
    if (!header.isEmpty()) {
      request.header(header.split(": ")[0], header.split(": ")[1]);
    }

    Reply reply = shop.send(request);

    assertThat(reply.status()).as(reply.toString()).isEqualTo(status);
    assertThat(reply.header("PAYMENT-REQUIRED")).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void aHookGrantsBesidesPayment(Container container) {
    Reply granted = SHOPS.get(container).get("/rest/body", "X-Api-Key", "known");

    assertThat(granted.status()).isEqualTo(200);
    assertThat(granted.body()).isEqualTo("sold");
    assertThat(granted.isSettled()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void headCostsWhatGetCosts(Container container) {
    Shop shop = SHOPS.get(container);

    Reply paid =
        shop.pay(shop.request("/rest/body").method("HEAD", HttpRequest.BodyPublishers.noBody()));

    assertThat(paid.status()).isEqualTo(200);
    assertThat(paid.isSettled()).isTrue();
    assertThat(paid.body()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("containers")
  void aBodyReachesTheHandlerThatIsPaidFor(Container container) {
    Shop shop = SHOPS.get(container);

    Reply paid =
        shop.pay(
            shop.request("/rest/post", "Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"a\":\"7\"}")));
    Reply hidden =
        shop.pay(
            shop.request("/rest/hidden", "Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("_method=DELETE")));

    assertThat(paid.body()).isEqualTo("sold 7");
    assertThat(hidden.body()).isEqualTo("sold");
    String part = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n";
    Reply upload =
        shop.pay(
            shop.request("/rest/upload", "Content-Type", "multipart/form-data; boundary=x")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        part + "y".repeat(3_000_000) + "\r\n--x--\r\n")));
    assertThat(upload.body()).isEqualTo("sold 3000000");
  }

  @ParameterizedTest
  @MethodSource("containers")
  void springAnswersThePreflightAndNamesTheOriginOfA402(Container container) {
    Shop shop = SHOPS.get(container);
    HttpRequest.Builder preflight =
        shop.request(
                "/rest/cors",
                "X-Origin",
                "-",
                "Origin",
                "https://browser.example",
                "Access-Control-Request-Method",
                "GET")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody());

    Reply asked = shop.send(preflight);
    Reply unpaid = shop.get("/rest/cors", "Origin", "https://browser.example");
    Reply other = shop.get("/rest/cors", "Origin", "https://other.example");

    assertThat(asked.status()).isEqualTo(200);
    assertThat(asked.header("Access-Control-Allow-Origin")).isEqualTo("https://browser.example");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.header("Access-Control-Allow-Origin")).isEqualTo("https://browser.example");
    assertThat(other.status()).isEqualTo(403);
  }

  @ParameterizedTest
  @MethodSource("containers")
  void salesAreRecordedUnderTheMappingOfTheHandler(Container container) {
    Shop shop = SHOPS.get(container);
    shop.pay("/class/own");

    List<String> routes = new ArrayList<>();
    shop.bean(PaymentFilter.class)
        .salesBook()
        .forEach(SalesBook.Filter.all(), sale -> routes.add(sale.route()));

    assertThat(routes).contains("GET /class/own");
  }

  /** Status, headers and body are those of the same webapp without the starter. */
  @ParameterizedTest
  @MethodSource("containers")
  void freeHandlersNoticeNothing(Container container) {
    Map<String, String> properties = new HashMap<>();
    properties.put("spring.autoconfigure.exclude", Shop.WITHOUT_SECURITY);
    properties.put("spring.mvc.hiddenmethod.filter.enabled", "true");
    properties.put("spring.mvc.problemdetails.enabled", "true");
    properties.put("x402.enabled", "false");
    try (Shop without = Shop.start(container, properties, Controllers.FreeApplication.class)) {
      for (String path :
          List.of(
              "/free/text",
              "/free/text;jsessionid=1",
              "/free/json",
              "/free/async",
              "/free/advice",
              "/free/status",
              "/free/cors",
              "/none")) {
        Reply expected = without.get(path, "Origin", "https://browser.example");
        Reply found = SHOPS.get(container).get(path, "Origin", "https://browser.example");

        assertThat(found.status()).as(path).isEqualTo(expected.status());
        assertThat(found.headers()).as(path).isEqualTo(expected.headers());
        assertThat(found.body().replaceAll("\"timestamp\":\"[^\"]*\"", ""))
            .as(path)
            .isEqualTo(expected.body().replaceAll("\"timestamp\":\"[^\"]*\"", ""));
      }
    }
  }
}
