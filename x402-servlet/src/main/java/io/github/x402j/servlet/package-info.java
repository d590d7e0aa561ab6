// SPDX-FileCopyrightText: The x402j authors
// SPDX-License-Identifier: Apache-2.0
/**
 * The gate for servlet containers: {@link io.github.x402j.servlet.PaymentFilter} and the rules that
 * say what costs what.
 *
 * <p>{@link io.github.x402j.servlet.Route} prices paths, {@link
 * io.github.x402j.servlet.RequiresPayment} prices servlets, {@link
 * io.github.x402j.servlet.Payments} gives a handler its payment. The output of a paid handler is
 * held until the money has moved.
 *
 * <p>The way of a request: {@code PaymentFilter.doFilter} reads its {@code CanonicalPath}, the path
 * as the container dispatches it, and finds its price in the {@code PriceList}. The {@link
 * io.github.x402j.gate.PaymentGate} admits the payment. {@code Delivery} runs the handler with a
 * held response ({@code io.github.x402j.servlet.hold}), settles, and lets the response out; {@code
 * StreamedDelivery} is for rules that settle first. {@code GatedRequest} and {@code GatedResponse}
 * are the request and the response in the filter's hands, {@code PaidRequest} and {@code
 * PaidResponseHeaders} the same once a payment was brought.
 *
 * <p>{@link io.github.x402j.servlet.FacilitatorServlet} settles for other sellers, and {@link
 * io.github.x402j.servlet.JwksServlet} publishes the keys of a receipt issuer. Neither needs the
 * filter.
 *
 * <p>The boundary: output that a handler writes to the container's own response, kept from before
 * the filter, or to the socket itself, is not held. Register the filter before every filter that
 * writes.
 */
@NullMarked
package io.github.x402j.servlet;

import org.jspecify.annotations.NullMarked;
