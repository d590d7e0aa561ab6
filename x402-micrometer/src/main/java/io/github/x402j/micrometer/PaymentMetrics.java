// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
package io.github.x402j.micrometer;

import io.github.x402j.ErrorReason;
import io.github.x402j.Network;
import io.github.x402j.PaymentRequired;
import io.github.x402j.PaymentRequirements;
import io.github.x402j.Settlement;
import io.github.x402j.evm.Chain;
import io.github.x402j.evm.ChainListener;
import io.github.x402j.evm.EvmFacilitator;
import io.github.x402j.gate.PaymentLedger;
import io.github.x402j.gate.PaymentListener;
import io.github.x402j.gate.Purchase;
import io.github.x402j.gate.VerifiedPayment;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Records payments as meters, and admissions, settlements and messages to the node as observations.
 * {@link PaymentMeter} lists the meters. Safe for use by several threads.
 *
 * <pre>{@code
 * PaymentMetrics metrics = PaymentMetrics.of(registry);
 * PaymentFilter.builder().listener(metrics);
 * }</pre>
 */
public final class PaymentMetrics implements PaymentListener {
  private static final String NETWORK = "network";
  private static final String TOKEN = "token";
  private static final String ROUTE = "route";
  private static final String REASON = "reason";
  private static final String OUTCOME = "outcome";
  private static final String UNNAMED = "unnamed";

  private final MeterRegistry registry;
  private final ObservationRegistry observations;

  /** What the admission in this thread is about. */
  private final ThreadLocal<String> route = new ThreadLocal<>();

  private PaymentMetrics(MeterRegistry registry, ObservationRegistry observations) {
    this.registry = registry;
    this.observations = observations;
    counter(PaymentMeter.UNAVAILABLE, Tags.empty()); // there from the start, at zero
  }

  /** Returns metrics with timers and no traces. */
  public static PaymentMetrics of(MeterRegistry registry) {
    ObservationRegistry timers = ObservationRegistry.create();
    timers
        .observationConfig()
        .observationHandler(
            new DefaultMeterObservationHandler(registry, IgnoredMeters.LONG_TASK_TIMER));
    return new PaymentMetrics(registry, timers);
  }

  /**
   * Returns metrics whose timers come from this registry's handlers, as do traces. Spring Boot's
   * has them.
   */
  public static PaymentMetrics of(MeterRegistry registry, ObservationRegistry observations) {
    return new PaymentMetrics(registry, observations);
  }

  // ---- events

  @Override
  public void offered(PaymentRequired required) {
    counter(PaymentMeter.OFFERED, Tags.of(ROUTE, routeHere())).increment();
  }

  @Override
  public void granted(PaymentRequired required, String reason) {
    counter(PaymentMeter.GRANTED, Tags.of(REASON, reason, ROUTE, routeHere())).increment();
  }

  @Override
  public void verified(VerifiedPayment payment) {
    counter(PaymentMeter.VERIFIED, tags(payment)).increment();
  }

  @Override
  public void settled(VerifiedPayment payment, Settlement.Settled settlement) {
    Tags tags = tags(payment);
    counter(PaymentMeter.SETTLED, tags).increment();
    Counter.builder(PaymentMeter.AMOUNT.meterName())
        .description(PaymentMeter.AMOUNT.description())
        .baseUnit("units")
        .tags(tags)
        .register(registry)
        .increment(settlement.amount().atomicUnits().doubleValue());
  }

  @Override
  public void pending(VerifiedPayment payment, Settlement.Pending settlement) {
    counter(PaymentMeter.PENDING, tags(payment)).increment();
  }

  @Override
  public void failed(PaymentRequired required, ErrorReason reason, String detail) {
    failed(routeHere(), reason);
  }

  @Override
  public void failed(VerifiedPayment payment, ErrorReason reason, String detail) {
    failed(route(payment.route()), reason);
  }

  private void failed(String ofRoute, ErrorReason reason) {
    counter(PaymentMeter.FAILED, Tags.of(REASON, reason.wireCode(), ROUTE, ofRoute)).increment();
  }

  @Override
  public void undelivered(VerifiedPayment payment, Settlement.Settled settlement) {
    counter(PaymentMeter.UNDELIVERED, tags(payment)).increment();
  }

  @Override
  public void unavailable(PaymentRequired required, String what) {
    counter(PaymentMeter.UNAVAILABLE, Tags.empty()).increment();
  }

  private Counter counter(PaymentMeter meter, Tags tags) {
    return Counter.builder(meter.meterName())
        .description(meter.description())
        .tags(tags)
        .register(registry);
  }

  private static Tags tags(VerifiedPayment payment) {
    PaymentRequirements paid = payment.requirements();
    return Tags.of(
        NETWORK,
        paid.network().caip2(),
        TOKEN,
        paid.extra().get("name") instanceof String name ? name : paid.asset().text(),
        ROUTE,
        route(payment.route()));
  }

  private static String route(Optional<String> route) {
    return route.orElse(UNNAMED);
  }

  private String routeHere() {
    return Objects.requireNonNullElse(route.get(), UNNAMED);
  }

  // ---- steps

  /** Opens a scope: what is asked of the node meanwhile is a part of it. */
  @Override
  public Step admitting(Purchase purchase) {
    String asked = route(Optional.ofNullable(purchase.route()));
    route.set(asked);
    Observation observation = begin(PaymentMeter.ADMIT, ROUTE, asked).start();
    Observation.Scope scope = observation.openScope();
    return outcome -> {
      route.remove();
      scope.close();
      end(observation, outcome);
    };
  }

  @Override
  public Step settling(VerifiedPayment payment) {
    Observation observation =
        begin(PaymentMeter.SETTLE, ROUTE, route(payment.route()))
            .lowCardinalityKeyValue(NETWORK, payment.requirements().network().caip2())
            .start();
    return outcome -> end(observation, outcome);
  }

  /** The name of a span has small letters only, as bridges to tracers hyphenate the others. */
  private Observation begin(PaymentMeter meter, String key, String value) {
    String name = meter.meterName().replace('.', ' ') + " " + value;
    return Observation.createNotStarted(meter.meterName(), observations)
        .contextualName(name.toLowerCase(Locale.ROOT))
        .lowCardinalityKeyValue(key, value);
  }

  private static void end(Observation observation, String outcome) {
    observation.lowCardinalityKeyValue(OUTCOME, outcome).stop();
  }

  // ---- the chain

  /**
   * Returns a listener for the facilitator of one chain: {@link EvmFacilitator.Builder#listener}.
   */
  public ChainListener chain(Network network) {
    return new OnChain(network.caip2());
  }

  private final class OnChain implements ChainListener {
    private final String network;

    OnChain(String network) {
      this.network = network;
    }

    @Override
    public Exchange asking(String method) {
      Observation observation =
          begin(PaymentMeter.RPC, "method", method)
              .lowCardinalityKeyValue(NETWORK, network)
              .start();
      return outcome ->
          end(
              observation,
              switch (outcome) {
                case ANSWERED -> "answered";
                case ERROR -> "error";
                case UNREACHABLE -> "unreachable";
              });
    }

    @Override
    public void mined(Chain.Receipt receipt, int payments) {
      Tags tags = Tags.of(NETWORK, network);
      counter(
              PaymentMeter.GAS_TRANSACTIONS,
              tags.and(OUTCOME, receipt.succeeded() ? "succeeded" : "reverted"))
          .increment();
      if (receipt.fee() != null) {
        Counter.builder(PaymentMeter.GAS_SPENT.meterName())
            .description(PaymentMeter.GAS_SPENT.description())
            .baseUnit("wei")
            .tags(tags)
            .register(registry)
            .increment(receipt.fee().doubleValue());
      }
    }
  }

  // ---- gauges

  /** Registers the gauges of a facilitator's queue. */
  public PaymentMetrics watch(Network network, EvmFacilitator facilitator) {
    Tags tags = Tags.of(NETWORK, network.caip2());
    Gauge.builder(PaymentMeter.QUEUE.meterName(), facilitator, EvmFacilitator::waitingPayments)
        .description(PaymentMeter.QUEUE.description())
        .tags(tags)
        .register(registry);
    Gauge.builder(PaymentMeter.SENT.meterName(), facilitator, EvmFacilitator::sentTransactions)
        .description(PaymentMeter.SENT.description())
        .tags(tags)
        .register(registry);
    return this;
  }

  /**
   * Registers the gauge of a ledger; none for one that does not know how many entries it has. A
   * ledger in a database counts them in a thread of its own.
   */
  public PaymentMetrics watch(PaymentLedger ledger) {
    if (ledger.entries().isPresent()) {
      Gauge.builder(PaymentMeter.LEDGER.meterName(), ledger, known -> known.entries().orElse(0))
          .description(PaymentMeter.LEDGER.description())
          .register(registry);
    }
    return this;
  }
}
