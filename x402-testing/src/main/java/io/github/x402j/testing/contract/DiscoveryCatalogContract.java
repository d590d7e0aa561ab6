// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.testing.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.Address;
import io.github.x402j.DiscoveredResource;
import io.github.x402j.DiscoveryQuery;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.ResourceInfo;
import io.github.x402j.Token;
import io.github.x402j.TokenAmount;
import io.github.x402j.Usdc;
import io.github.x402j.gate.DiscoveryCatalog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link DiscoveryCatalog} does. Extend it in the tests of your catalog and return an
 * empty one from {@link #emptyCatalog}; JUnit then runs each of these tests on it.
 */
public abstract class DiscoveryCatalogContract {
  private static final Instant NOON = Instant.parse("2026-11-03T12:00:00Z");
  private static final Address PAY_TO = Address.parse("0xa1889995D384e6Aa01022d8B8571b1e7b1CE0192");
  private static final Address OTHER = Address.parse("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");

  /** Returns an empty catalog of at most this many resources. */
  public abstract DiscoveryCatalog emptyCatalog(int capacity);

  private static DiscoveredResource resource(String path, String description, int minute) {
    ResourceInfo info =
        new ResourceInfo("https://api.example.com" + path, description, "application/json")
            .withServiceName("Sky 100%")
            .withTags(List.of("Weather_data", "forecast"))
            .withIconUrl("https://api.example.com/icon.png");
    return new DiscoveredResource(
        info,
        "http",
        2,
        List.of(way(Usdc.BASE, PAY_TO)),
        List.of(),
        NOON.plusSeconds(60L * minute),
        bazaar("GET"));
  }

  private static Map<String, Object> bazaar(String method) {
    return Map.of(
        "bazaar",
        Map.of(
            "info",
            Map.of("input", Map.of("type", "http", "method", method)),
            "schema",
            Map.of("type", "object")));
  }

  private static PaymentRequirements way(Token token, Address payTo) {
    return PaymentRequirements.exact(token, TokenAmount.of(10_000), payTo, Duration.ofMinutes(1));
  }

  private static DiscoveredResource paid(DiscoveredResource resource, PaymentRequirements... ways) {
    return resource.with(List.of(ways), resource.lastUpdated());
  }

  private static List<String> urls(DiscoveryCatalog catalog, DiscoveryQuery query) {
    return catalog.find(query).resources().stream()
        .map(each -> each.resource().url().replace("https://api.example.com", ""))
        .toList();
  }

  @Test
  void listsAllOfWhatWasPut() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    DiscoveredResource put = resource("/weather/:city", "Weather of a city: 21 °C", 0);
    catalog.put(put);
    assertThat(catalog.find(DiscoveryQuery.everything()))
        .isEqualTo(new DiscoveryCatalog.Page(List.of(put), 1));
  }

  @Test
  void listsWhatWasSoldLastFirstInPages() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    IntStream.range(0, 5).forEach(minute -> catalog.put(resource("/" + minute, "d", minute)));
    DiscoveryQuery two = DiscoveryQuery.everything().limit(2);
    assertThat(urls(catalog, two)).containsExactly("/4", "/3");
    assertThat(urls(catalog, two.offset(4))).containsExactly("/0");
    assertThat(urls(catalog, two.offset(9))).isEmpty();
    assertThat(catalog.find(two.offset(4)).total()).isEqualTo(5);
  }

  @Test
  void renewsAResourceAndKeepsItsWaysToPay() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    catalog.put(resource("/a", "before", 0));
    catalog.put(resource("/b", "another", 1));
    DiscoveredResource now = paid(resource("/a", "now", 2), way(Usdc.POLYGON, PAY_TO));
    catalog.put(now);
    DiscoveryCatalog.Page page = catalog.find(DiscoveryQuery.everything());
    assertThat(page.total()).isEqualTo(2);
    assertThat(page.resources().get(0))
        .isEqualTo(paid(now, way(Usdc.POLYGON, PAY_TO), way(Usdc.BASE, PAY_TO)));
  }

  /** Whoever pays can name any resource as the one that was paid for. */
  @Test
  void leavesAResourceAsItIsWhereAnotherRecipientNamesIt() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    DiscoveredResource own = resource("/a", "the seller's", 0);
    catalog.put(own);
    catalog.put(paid(resource("/a", "a stranger's", 1), way(Usdc.BASE, OTHER)));
    assertThat(catalog.find(DiscoveryQuery.everything().payTo(PAY_TO.text())).resources())
        .containsExactly(own);
  }

  @Test
  void forgetsWhatWasSoldLongestAgo() {
    DiscoveryCatalog catalog = emptyCatalog(3);
    IntStream.range(0, 4).forEach(minute -> catalog.put(resource("/" + minute, "d", minute)));
    catalog.put(resource("/1", "sold again", 5));
    catalog.put(resource("/6", "d", 6));
    assertThat(urls(catalog, DiscoveryQuery.everything())).containsExactly("/6", "/1", "/3");
  }

  @Test
  void findsAllWordsWhateverTheirLetterCaseAndTakesNothingForAWildcard() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    catalog.put(resource("/rain/:city", "Rain, hour by hour", 0));
    catalog.put(resource("/snow/:city", "Snow", 1));
    assertThat(urls(catalog, DiscoveryQuery.words("RAIN forecast"))).containsExactly("/rain/:city");
    assertThat(urls(catalog, DiscoveryQuery.words("snow rain"))).isEmpty();
    assertThat(urls(catalog, DiscoveryQuery.words("weather_data 100%"))).hasSize(2);
    assertThat(urls(catalog, DiscoveryQuery.words("weather%data"))).isEmpty();
    assertThat(urls(catalog, DiscoveryQuery.words("weather!"))).isEmpty();
    assertThat(urls(catalog, DiscoveryQuery.words("weatherXdata ' OR 1=1"))).isEmpty();
  }

  @Test
  void findsByEachFilter() {
    DiscoveryCatalog catalog = emptyCatalog(10);
    catalog.put(resource("/base", "d", 0));
    catalog.put(paid(resource("/polygon", "d", 1), way(Usdc.POLYGON, OTHER)));
    assertThat(urls(catalog, DiscoveryQuery.everything().network(Network.POLYGON)))
        .containsExactly("/polygon");
    assertThat(urls(catalog, DiscoveryQuery.of(Map.of("scheme", "exact")))).hasSize(2);
    assertThat(urls(catalog, DiscoveryQuery.of(Map.of("scheme", "xact")))).isEmpty();
    assertThat(
            urls(catalog, DiscoveryQuery.of(Map.of("scheme", "exact", "network", "eip155:8453"))))
        .containsExactly("/base");
    assertThat(urls(catalog, DiscoveryQuery.of(Map.of("network", "eip155:845")))).isEmpty();
    assertThat(urls(catalog, DiscoveryQuery.everything().payTo(OTHER.text().toLowerCase())))
        .containsExactly("/polygon");
    assertThat(urls(catalog, DiscoveryQuery.everything().type("mcp"))).isEmpty();
    assertThat(urls(catalog, DiscoveryQuery.everything().type("http"))).hasSize(2);
    assertThat(urls(catalog, DiscoveryQuery.of(Map.of("extensions", "bazaar")))).hasSize(2);
    assertThat(urls(catalog, DiscoveryQuery.of(Map.of("extensions", "bazaar,other")))).isEmpty();
  }
}
