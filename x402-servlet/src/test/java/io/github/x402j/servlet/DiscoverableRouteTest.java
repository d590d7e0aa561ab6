// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.Price;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.extension.DiscoveryEntry;
import io.github.x402j.testing.TestWallet;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a 402 says of how its route is called, and the documents of what is for sale. */
class DiscoverableRouteTest {
  @RegisterExtension static final Market MARKET = new Market();

  private static final Discoverable WEATHER =
      Discoverable.http().query("days", 3).output(Map.of("temperature", 21));

  private static PaidWebapp app;

  @BeforeAll
  static void start() {
    app =
        PaidWebapp.on(Stack.JETTY, MARKET)
            .routes(
                Route.get("/paid/exact/secret")
                    .price("$0.01")
                    .description("Forecast")
                    .tags("weather")
                    .discoverable(WEATHER),
                Route.of("/paid/users/{id}/secret").price("$0.01").discoverable(),
                Route.get("/dear/dynamic/{id}/secret")
                    .price(request -> Price.parse("$0.02"))
                    .discoverable(WEATHER),
                Route.of("/cheap/files/*").price("$0.03").discoverable(),
                Route.post("/paid/ask/secret")
                    .price("$0.01")
                    .discoverable(Discoverable.http().jsonBody(Map.of("q", "x"))),
                Route.get("/paid/hidden/secret").price("$0.01"),
                Route.of("/free/secret").free())
            .handlers(Map.of("secret", (request, response) -> response.getWriter().write("answer")))
            .filter(filter -> filter.publishOffers().serviceName("Sky"))
            .start();
  }

  @AfterAll
  static void stop() {
    app.close();
  }

  private static DiscoveryEntry entry(RawHttp.Response unpaid) {
    return DiscoveryEntry.of(TestPayer.required(unpaid).extensions().get(Discoverable.EXTENSION));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "GET, /paid/exact/secret, GET, none, none",
        "HEAD, /paid/exact/secret, GET, none, none",
        "GET, /paid/users/42/secret, GET, /paid/users/:id/secret, {id=42}",
        "POST, /paid/users/a%20b/secret, POST, /paid/users/:id/secret, {id=a b}",
        "DELETE, /paid/users/%E2%82%AC/secret, DELETE, /paid/users/:id/secret, {id=€}",
        "GET, /dear/dynamic/7/secret, GET, /dear/dynamic/:id/secret, {id=7}",
        "GET, /cheap/files/secret, GET, /cheap/files/:var1, {var1=secret}",
        "GET, /cheap/files/a/secret, GET, /cheap/files/:var1, none",
        "POST, /paid/ask/secret, POST, none, none",
      })
  void saysMethodTemplateAndValuesOfTheRequest(
      String method, String path, String said, String template, String values) throws IOException {
    DiscoveryEntry entry = entry(app.request(method, path));
    assertThat(entry.operation()).isEqualTo(said);
    assertThat(entry.routeTemplate()).isEqualTo(template);
    Object given = ((Map<?, ?>) entry.info().get("input")).get("pathParams");
    assertThat(given == null ? null : given.toString()).isEqualTo(values);
  }

  @Test
  void saysNothingWhereItIsNotAsked() throws IOException {
    assertThat(TestPayer.required(app.get("/paid/hidden/secret")).extensions()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"/paid/exact/secret", "/paid/users/42/secret", "/dear/dynamic/7/secret?days=2"})
  void sellsToAPayerThatReturnsWhatItWasTold(String path) throws IOException {
    TestPayer payer = MARKET.payer();
    assertThat(app.pay(payer, path).text()).isEqualTo("answer");
  }

  @Test
  void leavesOutWhatDoesNotFitALongPath() throws IOException {
    String id = "x".repeat(900);
    RawHttp.Response unpaid = app.get("/paid/users/" + id + "/secret");
    assertThat(unpaid.status()).isEqualTo(402);
    assertThat(unpaid.head().length()).isLessThanOrEqualTo(4_096);
    assertThat(TestPayer.required(unpaid).extensions()).isEmpty();
    assertThat(app.pay(MARKET.payer(), "/paid/users/" + id + "/secret").text()).isEqualTo("answer");
  }

  @Test
  void failsTheStartWhereADeclarationNeverFits() {
    Discoverable large = Discoverable.http().output(Map.of("text", "x".repeat(2_500)));
    for (String pattern : List.of("/exact", "/users/{id}")) {
      PaymentFilter.Builder filter =
          MARKET
              .filter(TestWallet.random(), Duration.ofSeconds(1))
              .routes(Route.get(pattern).price("$0.01").discoverable(large));
      assertThatThrownBy(filter::build)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("discoverable: it declares too much: a 402 may need ")
          .hasMessageContaining("headerLimit is 4096");
      filter.headerLimit(8_192).requestHeaderLimit(12_000).build();
    }
  }

  @Test
  void failsTheStartWhereNoMethodOfTheRouteHasTheBody() {
    Route route =
        Route.get("/ask").price("$0.01").discoverable(Discoverable.http().textBody("hello"));
    assertThatThrownBy(
            MARKET.filter(TestWallet.random(), Duration.ofSeconds(1)).routes(route)::build)
        .hasMessageContaining("route GET /ask: discoverable: it has a body");
  }

  // ---- the documents

  private static JsonNode document(String path) throws IOException {
    RawHttp.Response response = app.get(path);
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Cache-Control")).isEqualTo("public, max-age=300");
    assertThat(response.text()).doesNotContain("hidden", "free");
    return new ObjectMapper().readTree(response.body());
  }

  @Test
  void listsWhatIsDiscoverableAndNothingElse() throws IOException {
    JsonNode list = document("/.well-known/x402");
    assertThat(new ObjectMapper().convertValue(list.get("resources"), String[].class))
        .containsExactlyInAnyOrder(
            Market.PUBLIC_URL + "/paid/exact/secret",
            Market.PUBLIC_URL + "/paid/users/:id/secret",
            Market.PUBLIC_URL + "/dear/dynamic/:id/secret",
            Market.PUBLIC_URL + "/cheap/files/:var1",
            Market.PUBLIC_URL + "/paid/ask/secret");
    assertThat(list.get("items").size()).isEqualTo(5);
    JsonNode exact = item(list, "/paid/exact/secret");
    assertThat(exact.get("serviceName").asText()).isEqualTo("Sky");
    assertThat(exact.get("tags").get(0).asText()).isEqualTo("weather");
    assertThat(exact.get("accepts").get(0).get("amount").asText()).isEqualTo("10000");
    assertThat(item(list, "/dear/dynamic/:id/secret").get("accepts")).isEmpty();
  }

  private static JsonNode item(JsonNode list, String path) {
    for (JsonNode item : list.get("items")) {
      if (item.get("resource").asText().equals(Market.PUBLIC_URL + path)) {
        return item;
      }
    }
    throw new AssertionError(path);
  }

  @Test
  void describesItAsOpenApi() throws IOException {
    JsonNode document = document("/.well-known/openapi.json");
    assertThat(document.get("openapi").asText()).isEqualTo("3.1.0");
    assertThat(document.get("info").get("title").asText()).isEqualTo("Sky");
    assertThat(document.get("servers").get(0).get("url").asText()).isEqualTo(Market.PUBLIC_URL);
    assertThat(document.get("paths").fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder(
            "/paid/exact/secret",
            "/paid/users/{id}/secret",
            "/dear/dynamic/{id}/secret",
            "/cheap/files/{var1}",
            "/paid/ask/secret");
    JsonNode fixed = document.at("/paths/~1paid~1exact~1secret/get");
    assertThat(fixed.at("/x-payment-info/price/amount").asText()).isEqualTo("0.01");
    assertThat(fixed.at("/summary").asText()).isEqualTo("Forecast");
    assertThat(fixed.at("/parameters/0/name").asText()).isEqualTo("days");
    assertThat(fixed.at("/responses/402/headers/PAYMENT-REQUIRED").isObject()).isTrue();
    assertThat(fixed.at("/responses/200/content/application~1json/example/temperature").asInt())
        .isEqualTo(21);
    JsonNode dynamic = document.at("/paths/~1dear~1dynamic~1{id}~1secret/get");
    assertThat(dynamic.at("/x-payment-info/price/mode").asText()).isEqualTo("dynamic");
    assertThat(dynamic.at("/parameters/0/in").asText()).isEqualTo("path");
    assertThat(document.at("/paths/~1paid~1ask~1secret/post/requestBody").isObject()).isTrue();
  }

  @Test
  void leavesTheDocumentsToTheWebappUnlessItIsSwitchedOn() throws IOException {
    try (PaidWebapp silent =
        PaidWebapp.on(Stack.JETTY, MARKET)
            .routes(Route.get("/paid/exact/secret").price("$0.01").discoverable())
            .start()) {
      assertThat(silent.get("/.well-known/x402").text()).doesNotContain("exact");
    }
    assertThat(app.request("POST", "/.well-known/x402").status()).isNotEqualTo(200);
  }
}
