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
 * <p>In Spring the bean is one line, {@code PaymentMetrics.of(meterRegistry, observationRegistry)}:
 * a {@link io.github.x402j.gate.PaymentListener} like any other. An {@code EvmFacilitator} that is
 * built there takes {@link io.github.x402j.micrometer.PaymentMetrics#chain} as its listener, and is
 * handed to {@link io.github.x402j.micrometer.PaymentMetrics#watch} when it is built.
 *
 * <p>{@code dashboard.json} in this package is a dashboard for Grafana over Prometheus.
 */
@NullMarked
package io.github.x402j.micrometer;

import org.jspecify.annotations.NullMarked;
