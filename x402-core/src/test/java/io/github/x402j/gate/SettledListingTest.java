// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.Offers;
import io.github.x402j.PaymentPayload;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Settlement;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.Vectors;
import io.github.x402j.extension.Discoverable;
import io.github.x402j.testing.MutableClock;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a facilitator lists of what it settles, and what it answers about it. */
class SettledListingTest {
  private static final Settlement.Settled SETTLED =
      new Settlement.Settled("0x" + "ab".repeat(32), Offers.PAYER, TokenAmount.of(10_000));

  private final MutableClock clock = new MutableClock();
  private final InMemoryDiscoveryCatalog catalog = InMemoryDiscoveryCatalog.create();
  private final SettledListing listing = new SettledListing(catalog, clock);

  private static FacilitatorExtension.Payment payment(ResourceInfo resource, Object entry) {
    PaymentPayload payload =
        PaymentPayload.v2(Offers.BASE, Offers.payload(1))
            .withResource(resource)
            .withExtensions(entry == null ? Map.of() : Map.of("bazaar", entry, "other", Map.of()));
    return new FacilitatorExtension.Payment(payload, Offers.BASE, Offers.PAYER);
  }

  private static Map<String, Object> weather() {
    return Discoverable.http()
        .query("days", 3)
        .entry("GET", "/weather/{city}", Map.of("city", "SF"))
        .toMap();
  }

  private static ResourceInfo at(String url) {
    return new ResourceInfo(url, "Forecast\u0007", "application/json")
        .withServiceName("Sky")
        .withTags(List.of("a", "A", "b"));
  }

  private List<DiscoveredResource> listed() {
    return catalog.find(DiscoveryQuery.everything()).resources();
  }

  @Test
  void listsWhatWasPaidForUnderItsOriginAndTemplate() {
    FacilitatorExtension.Payment payment =
        payment(at("https://Api.example.com:443/weather/SF?days=3&key=x"), weather());
    assertThat(listing.settled(payment, SETTLED)).contains(Map.of("status", "success"));
    assertThat(listed())
        .singleElement()
        .satisfies(
            each -> {
              assertThat(each.resource())
                  .isEqualTo(
                      new ResourceInfo(
                              "https://api.example.com/weather/:city",
                              "Forecast",
                              "application/json")
                          .withServiceName("Sky")
                          .withTags(List.of("a", "b")));
              assertThat(each.accepts()).containsExactly(Offers.BASE);
              assertThat(each.lastUpdated()).isEqualTo(clock.instant());
              assertThat(each.extensions()).containsOnlyKeys("bazaar");
              assertThat(each.operation()).contains("GET");
            });
  }

  /** The resource and the extension of the published server, as its client returns them. */
  @Test
  void listsThePaymentOfTheGoldenVector() {
    JsonNode golden = Vectors.load("bazaar.json").get("echoOk");
    Map<String, Object> entry = new LinkedHashMap<>();
    new ObjectMapper()
        .convertValue(golden.get("bazaar"), Map.class)
        .forEach((name, value) -> entry.put((String) name, value));
    entry.put("schema", Map.of("type", "object"));
    FacilitatorExtension.Payment payment =
        payment(
            ResourceInfo.of(golden.get("resource").get("url").asText())
                .withIconUrl(golden.get("resource").get("iconUrl").asText()),
            entry);
    assertThat(listing.settled(payment, SETTLED)).contains(Map.of("status", "success"));
    assertThat(listed().get(0).resource().url()).isEqualTo("http://127.0.0.1:18556/ext/:id");
    assertThat(listed().get(0).resource().iconUrl()).isEqualTo("https://x.example/i.png");
  }

  @Test
  void listsNothingBeforeTheMoneyMovedAndNothingThatDoesNotAskForIt() {
    assertThat(listing.verified(payment(at("https://a.example/"), weather())))
        .contains(Map.of("status", "processing"));
    assertThat(listing.settled(payment(at("https://a.example/"), null), SETTLED)).isEmpty();
    Settlement.Settled nothing =
        new Settlement.Settled(SETTLED.transaction(), Offers.PAYER, TokenAmount.of(0));
    assertThat(listing.settled(payment(at("https://a.example/"), weather()), nothing)).isEmpty();
    assertThat(listed()).isEmpty();
  }

  static Stream<Arguments> rejected() {
    Map<String, Object> large = new LinkedHashMap<>(weather());
    large.put("schema", Map.of("description", "x".repeat(13_000)));
    Map<String, Object> number =
        Map.of(
            "type", "http", "method", "GET", "queryParams", Map.of("n", new BigDecimal("1e100")));
    return Stream.of(
        Arguments.of(
            at("https://a.example/"),
            Map.of("info", Map.of("input", number), "schema", Map.of()),
            "extensions.bazaar: clients could not read it"),
        Arguments.of(null, weather(), "resource: missing"),
        Arguments.of(at("/weather"), weather(), "resource.url: expected an http or https URL"),
        Arguments.of(at("https://u:p@a.example/"), weather(), "resource.url: expected"),
        Arguments.of(at("https://a.example/"), "text", "entry: expected an object"),
        Arguments.of(at("https://a.example/"), Map.of(), "info: expected an object"),
        Arguments.of(
            at("https://a.example/"), large, "extensions.bazaar: longer than is listed here"));
  }

  @ParameterizedTest
  @MethodSource("rejected")
  void saysWhyItListsNothing(ResourceInfo resource, Object entry, String reason) {
    Optional<Map<String, Object>> answer = listing.settled(payment(resource, entry), SETTLED);
    assertThat(answer.orElseThrow()).containsEntry("status", "rejected");
    assertThat(answer.get().get("rejectedReason")).asString().startsWith(reason);
    assertThat(listing.verified(payment(resource, entry))).isEqualTo(answer);
    assertThat(listed()).isEmpty();
  }

  @Test
  void writesWhatIsSoldAllTheTimeOnceAMinute() {
    int[] writes = {0};
    SettledListing counted =
        new SettledListing(
            new DiscoveryCatalog() {
              @Override
              public void put(DiscoveredResource resource) {
                writes[0]++;
              }

              @Override
              public Page find(DiscoveryQuery query) {
                throw new LedgerException("the table is gone");
              }
            },
            clock);
    for (int i = 0; i < 5; i++) {
      counted.settled(payment(at("https://a.example/weather/" + i), weather()), SETTLED);
      clock.advance(Duration.ofSeconds(20));
    }
    assertThat(writes[0]).isEqualTo(2);
    counted.settled(payment(ResourceInfo.of("https://a.example/x"), weather()), SETTLED);
    assertThat(writes[0]).isEqualTo(3); // it says something else
    assertThat(counted.resources(Map.of()).status()).isEqualTo(503);
  }

  @Test
  void answersAsTheSpecificationSays() throws Exception {
    for (String path : List.of("rain", "snow", "sun")) {
      listing.settled(
          payment(
              at("https://a.example/" + path),
              Discoverable.http().entry("GET", "/" + path, Map.of()).toMap()),
          SETTLED);
      clock.advance(Duration.ofSeconds(1));
    }
    JsonNode list = json(listing.resources(Map.of("limit", "2", "offset", "1")));
    assertThat(list.get("x402Version").asInt()).isEqualTo(2);
    assertThat(list.at("/items/0/resource").asText()).isEqualTo("https://a.example/snow");
    assertThat(list.at("/items/1/accepts/0/asset").asText()).isEqualTo(Usdc.BASE.contract().text());
    assertThat(list.get("pagination")).hasToString("{\"limit\":2,\"offset\":1,\"total\":3}");
    JsonNode found = json(listing.search(Map.of("query", "forecast", "limit", "2")));
    assertThat(found.get("resources").size()).isEqualTo(2);
    assertThat(found.get("partialResults").asBoolean()).isTrue();
    String cursor = found.at("/pagination/cursor").asText();
    JsonNode rest = json(listing.search(Map.of("query", "FORECAST", "cursor", cursor)));
    assertThat(rest.at("/resources/0/resource").asText()).isEqualTo("https://a.example/rain");
    assertThat(rest.get("pagination").isNull()).isTrue();
    for (Map<String, String> wrong :
        List.of(
            Map.of("limit", "0"),
            Map.of("limit", "101"),
            Map.of("offset", "-1"),
            Map.of("cursor", "x"),
            Map.of("query", "x".repeat(257)))) {
      assertThat(listing.search(wrong).status()).as(wrong.toString()).isEqualTo(400);
    }
  }

  private static JsonNode json(FacilitatorService.Answer answer) throws Exception {
    assertThat(answer.status()).isEqualTo(200);
    return new ObjectMapper().readTree(answer.json());
  }

  @Test
  void isNamedByTheServiceThatHasACatalogAndAbsentFromOthers() {
    FacilitatorService.Builder builder =
        FacilitatorService.builder().facilitator(new ScriptedFacilitator()).token(Usdc.BASE);
    FacilitatorService plain = builder.build();
    assertThat(plain.supported().json()).contains("\"extensions\":[]");
    assertThat(plain.resources(Map.of()).status()).isEqualTo(404);
    assertThat(plain.search(Map.of()).status()).isEqualTo(404);
    FacilitatorService listing = builder.catalog(catalog).build();
    assertThat(listing.supported().json()).contains("\"extensions\":[\"bazaar\"]");
    assertThat(listing.resources(Map.of()).status()).isEqualTo(200);
  }
}
