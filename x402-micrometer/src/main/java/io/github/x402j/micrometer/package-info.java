// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Meters and observations of what is sold. Needs Micrometer, and no Spring.
 *
 * <pre>{@code
 * PaymentMetrics metrics = PaymentMetrics.of(registry, observations);
 * EvmFacilitator facilitator =
 *     EvmFacilitator.builder(network, chain, gasKey).listener(metrics.chain(network)).build();
 * metrics.watch(network, facilitator).watch(ledger);
 * PaymentFilter.builder().facilitator(facilitator).ledger(ledger).listener(metrics);
 * }</pre>
 *
 * <p>The Spring Boot starter (x402-spring) does this by itself where this module and a {@code
 * MeterRegistry} are there.
 *
 * <p>{@code dashboard.json} in this package is a dashboard for Grafana over Prometheus.
 */
@NullMarked
package io.github.x402j.micrometer;

import org.jspecify.annotations.NullMarked;
