// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.x402j.PaymentHeader;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.Purchase;
import io.github.x402j.testing.Faults;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every meter says after a morning of a real shop: on Jetty, with a chain. */
@Timeout(120)
class PaymentMetricsTest {
  private static final SimpleMeterRegistry SIMPLE = new SimpleMeterRegistry();
  private static final PrometheusMeterRegistry PROMETHEUS =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private static final TestObservationRegistry SPANS = TestObservationRegistry.create();
  private static final String ITEM = "GET /item/{id}";

  private static Shop shop;
  private static double sentWhilePending;

  /** Every event once, at least. */
  @BeforeAll
  static void open() throws Exception {
    CompositeMeterRegistry both = new CompositeMeterRegistry();
    both.add(SIMPLE);
    both.add(PROMETHEUS);
    SPANS
        .observationConfig()
        .observationHandler(
            new DefaultMeterObservationHandler(both, IgnoredMeters.LONG_TASK_TIMER));
    shop = new Shop(PaymentMetrics.of(both, SPANS));
    assertThat(shop.get("/item/1")).isEqualTo(402);
    assertThat(shop.get("/item/1", "X-Api-Key", "k")).isEqualTo(200);
    assertThat(shop.pay("/item/2")).isEqualTo(200);
    assertThat(shop.pay("/stream")).isEqualTo(500);
    assertThat(shop.get("/item/1", PaymentHeader.PAYMENT_SIGNATURE, "*")).isEqualTo(400);
    String late = shop.payment("/item/3");
    shop.chain.faults().error(Faults.ANY_METHOD, -32000, "the node is ill");
    assertThat(shop.get("/item/3", PaymentHeader.PAYMENT_SIGNATURE, late)).isEqualTo(503);
    shop.chain.faults().clear();
    String slow = shop.payment("/item/4");
    shop.chain.automine(false);
    assertThat(shop.get("/item/4", PaymentHeader.PAYMENT_SIGNATURE, slow)).isEqualTo(503);
    sentWhilePending = shown(PaymentMeter.SENT);
    shop.chain.automine(true);
    shop.chain.mine();
    assertThat(shop.get("/item/4", PaymentHeader.PAYMENT_SIGNATURE, slow)).isEqualTo(200);
  }

  @AfterAll
  static void close() throws Exception {
    shop.close();
  }

  private static double counted(PaymentMeter meter, String... tags) {
    return SIMPLE.get(meter.meterName()).tags(tags).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static long timed(PaymentMeter meter, String... tags) {
    return SIMPLE.get(meter.meterName()).tags(tags).timers().stream().mapToLong(Timer::count).sum();
  }

  private static double shown(PaymentMeter meter) {
    return SIMPLE.get(meter.meterName()).gauges().stream().mapToDouble(Gauge::value).sum();
  }

  @Test
  void requestsAndPaymentsAreCounted() {
    String[] sold = {"network", shop.network.caip2(), "token", "USDC", "route", ITEM};
    assertThat(counted(PaymentMeter.OFFERED)).isEqualTo(5);
    assertThat(counted(PaymentMeter.OFFERED, "route", ITEM)).isEqualTo(4);
    assertThat(counted(PaymentMeter.OFFERED, "route", "GET /stream")).isEqualTo(1);
    assertThat(counted(PaymentMeter.GRANTED, "reason", "api-key", "route", ITEM)).isEqualTo(1);
    assertThat(counted(PaymentMeter.VERIFIED, sold)).isEqualTo(2);
    assertThat(counted(PaymentMeter.SETTLED, sold)).isEqualTo(2);
    assertThat(counted(PaymentMeter.AMOUNT, sold)).isEqualTo(20_000);
    assertThat(counted(PaymentMeter.PENDING, sold)).isEqualTo(1);
    assertThat(counted(PaymentMeter.FAILED, "reason", "invalid_payload", "route", ITEM))
        .isEqualTo(1);
    assertThat(counted(PaymentMeter.UNAVAILABLE)).isEqualTo(1);
    assertThat(counted(PaymentMeter.UNDELIVERED, "route", "GET /stream")).isEqualTo(1);
    assertThat(counted(PaymentMeter.AMOUNT)).isEqualTo(30_000);
  }

  @Test
  void admissionsAndSettlementsAreTimed() {
    assertThat(timed(PaymentMeter.ADMIT, "route", ITEM, "outcome", "payment-required"))
        .isEqualTo(4);
    assertThat(timed(PaymentMeter.ADMIT, "route", ITEM, "outcome", "granted")).isEqualTo(1);
    assertThat(timed(PaymentMeter.ADMIT, "route", ITEM, "outcome", "admitted")).isEqualTo(3);
    assertThat(timed(PaymentMeter.ADMIT, "route", ITEM, "outcome", "unavailable")).isEqualTo(1);
    assertThat(timed(PaymentMeter.ADMIT, "route", ITEM, "outcome", "refused")).isEqualTo(1);
    assertThat(timed(PaymentMeter.SETTLE, "route", ITEM, "outcome", "settled")).isEqualTo(1);
    assertThat(timed(PaymentMeter.SETTLE, "route", ITEM, "outcome", "pending")).isEqualTo(1);
    assertThat(timed(PaymentMeter.SETTLE, "route", "GET /stream", "outcome", "settled"))
        .isEqualTo(1);
  }

  @Test
  void whatIsAskedOfTheNodeIsTimedByMethodAndOutcome() {
    assertThat(timed(PaymentMeter.RPC, "method", "eth_sendRawTransaction", "outcome", "answered"))
        .isGreaterThanOrEqualTo(3);
    assertThat(timed(PaymentMeter.RPC, "outcome", "error")).isPositive();
    assertThat(timed(PaymentMeter.RPC, "network", shop.network.caip2()))
        .isEqualTo(timed(PaymentMeter.RPC));
  }

  @Test
  void gasIsWhatTheAccountHasLost() {
    assertThat(counted(PaymentMeter.GAS_SPENT))
        .isPositive()
        .isEqualTo(shop.gasSpent().doubleValue());
    assertThat(counted(PaymentMeter.GAS_TRANSACTIONS, "outcome", "succeeded")).isEqualTo(3);
  }

  @Test
  void gaugesShowWhatIsThereNow() {
    assertThat(sentWhilePending).isEqualTo(1);
    assertThat(shown(PaymentMeter.SENT)).isZero();
    assertThat(shown(PaymentMeter.QUEUE)).isZero();
    assertThat(shown(PaymentMeter.LEDGER)).isPositive().isEqualTo(shop.ledger.size());
  }

  @ParameterizedTest
  @EnumSource(PaymentMeter.class)
  void everyMeterIsRegisteredAndOnItsPage(PaymentMeter meter) throws IOException {
    assertThat(SIMPLE.find(meter.meterName()).meters()).isNotEmpty();
    assertThat(Files.readString(Path.of("../docs/metrics.md")))
        .contains("| `" + meter.meterName() + "` |");
  }

  @Test
  void nothingElseIsRegisteredAndNoLabelNamesAPayerOrAUrl() {
    Set<String> names =
        Arrays.stream(PaymentMeter.values())
            .map(PaymentMeter::meterName)
            .collect(Collectors.toSet());
    for (Meter meter : SIMPLE.getMeters()) {
      assertThat(names).contains(meter.getId().getName());
      for (Tag tag : meter.getId().getTags()) {
        assertThat(tag.getKey())
            .isIn("network", "token", "route", "reason", "outcome", "method", "error");
        assertThat(tag.getValue()).doesNotContainIgnoringCase("http://").hasSizeLessThan(65);
        assertThat(tag.getValue()).isNotEqualToIgnoringCase(shop.payer());
      }
    }
  }

  @Test
  void admissionsSettlementsAndMessagesToTheNodeAreSpans() {
    TestObservationRegistryAssert.assertThat(SPANS)
        .hasAnObservation(
            span ->
                span.hasNameEqualTo("x402.admit")
                    .hasContextualNameEqualTo("x402 admit get /item/{id}")
                    .hasLowCardinalityKeyValue("outcome", "admitted"))
        .hasAnObservation(
            span ->
                span.hasNameEqualTo("x402.settle").hasLowCardinalityKeyValue("outcome", "settled"))
        .hasAnObservation(
            span ->
                span.hasNameEqualTo("x402.rpc")
                    .hasLowCardinalityKeyValue("method", "eth_sendRawTransaction"))
        .hasAnObservation(
            span ->
                span.hasNameEqualTo("x402.rpc")
                    .hasParentObservationContextMatching(PaymentMetricsTest::isAdmission))
        .doesNotHaveAnyRemainingCurrentObservation();
  }

  private static boolean isAdmission(Object context) {
    return context instanceof Observation.ContextView parent
        && "x402.admit".equals(parent.getName());
  }

  @Test
  void everyPanelOfTheDashboardShowsAMeterOfOurs() throws IOException {
    Set<String> named = found("\\bx402_[a-z0-9_]+", dashboard());
    Set<String> scraped = found("(?m)^x402_[a-z0-9_]+", PROMETHEUS.scrape());
    assertThat(named).isNotEmpty();
    assertThat(scraped).containsAll(named);
    for (PaymentMeter meter : PaymentMeter.values()) {
      String name = meter.meterName().replace('.', '_');
      assertThat(named).as("panels").anyMatch(shown -> shown.startsWith(name));
    }
  }

  @Test
  void everyLabelOfTheDashboardIsOneOfOurs() throws IOException {
    Set<String> labels = new TreeSet<>();
    Pattern.compile("by \\(([a-z, ]+)\\)")
        .matcher(dashboard())
        .results()
        .forEach(found -> labels.addAll(Arrays.asList(found.group(1).split(", "))));
    assertThat(labels)
        .isNotEmpty()
        .isSubsetOf("network", "token", "route", "reason", "outcome", "method");
  }

  private static String dashboard() throws IOException {
    try (InputStream json = PaymentMetrics.class.getResourceAsStream("dashboard.json")) {
      return new String(Objects.requireNonNull(json).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static Set<String> found(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void runsOnTheMicrometerThatIsMeant() {
    String meant = System.getProperty("x402.micrometer", "");
    assertThat(MeterRegistry.class.getProtectionDomain().getCodeSource().getLocation().getPath())
        .contains("micrometer-core-" + meant);
  }

  @Test
  void timesWithoutARegistryOfObservations() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    PaymentListener.Step step = PaymentMetrics.of(registry).admitting(Purchase.of("GET /a", "GET"));
    step.ended("admitted");
    assertThat(registry.get("x402.admit").tag("route", "unnamed").timer().count()).isEqualTo(1);
    assertThat(registry.getMeters().stream().map(meter -> meter.getId().getName()))
        .containsExactlyInAnyOrder("x402.admit", "x402.payments.unavailable");
  }
}
