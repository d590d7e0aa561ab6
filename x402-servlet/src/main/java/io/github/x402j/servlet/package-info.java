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
 * <p>What happens to a request: {@code PaymentFilter.doFilter} reads its {@code CanonicalPath}, the
 * path as the container dispatches it, and finds its price in the {@code PriceList}. {@link
 * io.github.x402j.gate.PaymentGate#sell} then admits the payment, settles it and says when the
 * handler runs and the response goes out. {@code HeldDelivery} does that with a held response
 * ({@code io.github.x402j.servlet.hold}); {@code StreamedDelivery} is for rules that settle first.
 * {@code Registration} puts the filter in front of everything when the webapp starts.
 *
 * <p>{@code GatedRequest} and {@code GatedResponse} stand for one dispatch, as the filter sees it.
 * {@code PaidRequest} and {@code PaidResponseHeaders} belong to a request that brought a payment.
 *
 * <p>{@link io.github.x402j.servlet.FacilitatorServlet} settles for other sellers, and {@link
 * io.github.x402j.servlet.JwksServlet} publishes the keys of a receipt issuer. Neither needs the
 * filter.
 *
 * <p>The limit: some output is not held. A handler can write to the container's own response, if it
 * got that around the filter, or to the socket. Register the filter after your security and CORS
 * filters, and before every other filter that writes.
 */
@NullMarked
package io.github.x402j.servlet;

import org.jspecify.annotations.NullMarked;
